import type { Durability } from "@refold/core";
import { fileStore } from "@refold/log-file";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createRun, removeRun, timeRun } from "./bench-run.ts";
import { makeOrders } from "./order.ts";
import { PLAIN_PIPELINE, timePlainPipeline } from "./plain-pipeline.ts";
import { sizeOf } from "./raw-files.ts";

/** Source and sink included: a flow needs both, so that two are the least. */
const STAGES = [2, 3, 5, 10] as const;
const LEVELS: readonly Durability[] = ["buffered", "durable", "strict"];

/** Data records that a run writes, spread over its lanes, so that every case takes about as long. */
const DATA_RECORDS: Readonly<Record<Scale, number>> = { full: 1_200_000, quick: 60_000 };

interface Shape {
  readonly stages: number;
  readonly durability: Durability;
}

/** Every stage but the sink puts each of its outputs on record. */
function dataLanes(stages: number): number {
  return stages - 1;
}

export const pipeline: Bench = {
  name: "pipeline",
  title: "Pipelines: a source, transforms and a sink, every output on record in the file log",
  cases: (scale) =>
    STAGES.flatMap((stages) =>
      LEVELS.map((durability): BenchCase => {
        const events = Math.round(DATA_RECORDS[scale] / dataLanes(stages));
        return {
          label: `${stages} stages, ${durability}`,
          measure: (directory) => measure({ stages, durability }, events, directory),
        };
      }),
    ),
};

async function measure(shape: Shape, events: number, directory: string): Promise<readonly Metric[]> {
  const warmUp = Math.ceil(events / 4);
  removeRun((await timed(shape, { events: warmUp, directory, number: 1 })).location);
  const { elapsedMs, location } = await timed(shape, { events, directory, number: 2 });
  await timePlainPipeline(shape.stages, warmUp);
  const plainMs = await timePlainPipeline(shape.stages, events);
  return [
    {
      name: "throughput",
      unit: "events/s",
      value: (events / elapsedMs) * 1000,
      baseline: { what: PLAIN_PIPELINE, value: (events / plainMs) * 1000 },
    },
    { name: "on disk", unit: "B/data record", value: sizeOf(location) / (events * dataLanes(shape.stages)) },
  ];
}

async function timed(
  { stages, durability }: Shape,
  run: { readonly events: number; readonly directory: string; readonly number: number },
): Promise<{ readonly elapsedMs: number; readonly location: string }> {
  let delivered = 0;
  const definition = benchFlow({
    stages,
    orders: () => makeOrders(run.events),
    deliver: (order) => {
      if (order.quantity > 0) delivered++;
    },
  });
  const store = fileStore({ directory: run.directory });
  const { handle, location } = await createRun({ definition, store, durability, number: run.number });
  const elapsedMs = await timeRun(handle);
  if (delivered !== run.events) throw new Error(`${delivered} of ${run.events} events arrived`);
  return { elapsedMs, location };
}
