import type { RunLog, RunReader, RunStore } from "@refold/core";
import { fileStore } from "@refold/log-file";
import { replayRun, startRun, type FlowDefinition } from "@refold/runtime";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createLog, HOST, timeRun } from "./bench-run.ts";
import { LIBRARY_DECODER, timeLibraryDecoder } from "./library-codec.ts";
import { must } from "./must.ts";
import { makeOrders } from "./order.ts";

const STAGES = 3;
const EVENTS: Readonly<Record<Scale, number>> = { full: 300_000, quick: 30_000 };

export const replay: Bench = {
  name: "replay",
  title:
    "Replay with verify: a run of 3 stages from the file log, page cache warm, every record computed again and held against it",
  cases: (scale) =>
    [false, true].map((writes): BenchCase => ({
      label: `${STAGES} stages, ${writes ? "the replay written to a buffered log" : "nothing written"}`,
      measure: (directory) => measure(directory, EVENTS[scale], writes),
    })),
};

async function measure(directory: string, events: number, writes: boolean): Promise<readonly Metric[]> {
  const store = fileStore({ directory });
  const warmUp = await recorded(store, Math.ceil(events / 4), 1);
  await timed(warmUp, writes ? await candidate(store, warmUp, 2) : undefined);
  const run = await recorded(store, events, 3);
  const { elapsedMs, records } = await timed(run, writes ? await candidate(store, run, 4) : undefined);
  await timeLibraryDecoder(warmUp.reader);
  const libraryMs = await timeLibraryDecoder(run.reader);
  const baseline = { what: LIBRARY_DECODER, value: (records / libraryMs) * 1000 };
  return [{ name: "throughput", unit: "records/s", value: (records / elapsedMs) * 1000, baseline }];
}

interface Recorded {
  readonly definition: FlowDefinition;
  readonly reader: RunReader;
}

async function recorded(store: RunStore, events: number, number: number): Promise<Recorded> {
  const definition = benchFlow({ stages: STAGES, orders: () => makeOrders(events), deliver: () => undefined });
  const log = await createLog({ definition, store, durability: "buffered", number });
  await timeRun(startRun(definition, log, HOST));
  return { definition, reader: must(await store.open(log.manifest.runId)) };
}

async function candidate(store: RunStore, { definition, reader }: Recorded, number: number): Promise<RunLog> {
  return createLog({ definition, store, durability: "buffered", number, replays: reader.manifest });
}

async function timed(
  { definition, reader }: Recorded,
  into: RunLog | undefined,
): Promise<{ readonly elapsedMs: number; readonly records: number }> {
  const startedMs = performance.now();
  const report = must(
    await replayRun({ recorded: reader, definition, host: HOST, ...(into === undefined ? {} : { into }) }),
  );
  const elapsedMs = performance.now() - startedMs;
  if (report.verdict !== "matched") throw new Error(`the replay ${report.verdict}`, { cause: report.first });
  return { elapsedMs, records: report.records };
}
