import type { DeliveryBatch, FlushPolicy, LogRecord, SinkConnector, SinkContext, SinkWriter } from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, type RecordedRun } from "@refold/testkit";
import { expect } from "vitest";

import { flow, type Configuration, type Flow, type RunReport, type SinkOptions } from "../src/index.ts";
import { checkRecord } from "./check-record.ts";

export type Batch = DeliveryBatch<number>;

/** A connector of which a test writes no more than what it is about. */
export const connector = (
  open: (context: SinkContext) => SinkWriter<number>,
  flush: FlushPolicy = {},
): SinkConnector<number> => ({ guarantee: "at-least-once", describe: () => "under test", flush, open });

/** `numbers` → `out`, the sink that is looked at. */
export const numbersTo = (items: readonly number[], sink: SinkConnector<number>, options?: SinkOptions): Flow =>
  flow("numbers", (f) => f.source("numbers", items).sink("out", sink, options));

export interface Delivered {
  readonly run: FlowRun;
  readonly store: MemoryStore;
  readonly report: RunReport;
  readonly recorded: RecordedRun;
}

/** Runs a flow to its end, holds what every run promises, and that its replay finds nothing. */
export async function delivered(described: Flow, configuration: Configuration = {}): Promise<Delivered> {
  const store = memoryStore();
  const run = await FlowRun.open(described, { store, configuration });
  const report = await run.run();
  expect(run.clock.timers).toBe(0);
  const recorded = await run.recorded();
  if (report.status === "completed") checkRecord(recorded, run.definition);
  const replay = await replayFlow(described, { store });
  expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
  return { run, store, report, recorded };
}

/** The receipts of a sink, shortened: `failed 3-3 domain: no`, `committed numbers 4-5`. */
export function receiptTexts(recorded: RecordedRun, stage = "out"): readonly string[] {
  return recorded.recordsOf(stage, "receipt").map((record) => receiptText(record, recorded));
}

function receiptText(
  { outcome, first, count, spans, detail }: Extract<LogRecord, { kind: "receipt" }>,
  { manifest }: RecordedRun,
): string {
  if (spans !== undefined) {
    const named = spans.map((span) => `${manifest.lanes[span.lane]} ${span.last - span.first + 1}`);
    return `${outcome} ${named.join(" ")}`;
  }
  const { kind, message } = (detail ?? {}) as { readonly kind?: string; readonly message?: string };
  const why = kind === undefined ? "" : ` ${kind}: ${message}`;
  return `${outcome} ${first}-${first + count - 1}${why}`;
}
