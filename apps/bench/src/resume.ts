import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";

import { fileStore } from "@refold/log-file";
import { flow, groupBy, onEnd, resumeRun, seekable, type FlowDefinition } from "@refold/runtime";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { createRun, HOST } from "./bench-run.ts";
import { must } from "./must.ts";
import { makeOrder, reprice, type Order } from "./order.ts";

const EVENTS: Readonly<Record<Scale, number>> = { full: 5_000_000, quick: 200_000 };
const KEYS = 100_000;

/** Told of each delivery. */
type Deliver = (item: unknown) => void;

export const resume: Bench = {
  name: "resume",
  title:
    "Resume: a durable run that was cut short after 5 million events (quick: 200,000), until it delivers again, page cache warm",
  mostRuns: 3,
  cases: (scale): readonly BenchCase[] => [
    { label: "3 stages", measure: (directory) => measure(directory, EVENTS[scale], plain) },
    { label: "groupBy of 100,000 keys", measure: (directory) => measure(directory, EVENTS[scale], grouped) },
  ],
};

async function measure(
  directory: string,
  events: number,
  define: (deliver: Deliver) => FlowDefinition,
): Promise<readonly Metric[]> {
  const store = fileStore({ directory });
  let delivered = 0;
  let onDelivery: () => void = () => undefined;
  const definition = define(() => {
    delivered++;
    onDelivery();
  });
  const { handle, location } = await createRun({ definition, store, durability: "durable", number: 1 });
  onDelivery = () => {
    if (delivered === events) handle.abort("cut short");
  };
  const cut = await handle.run();
  if (cut.status !== "failed" || cut.logFault !== undefined) throw new Error(`the run was ${cut.status}`);
  const timed = async (): Promise<number> => {
    const startedMs = performance.now();
    const log = must(await store.resume(handle.runId));
    const resumed = must(await resumeRun(definition, log, HOST));
    let tookMs = 0;
    onDelivery = () => {
      tookMs ||= performance.now() - startedMs;
      resumed.abort("cut short");
    };
    await resumed.run();
    return tookMs;
  };
  const value = await timed();
  const snapshots = join(location, "snapshots");
  if (!existsSync(snapshots)) throw new Error("the run has kept no snapshot");
  renameSync(snapshots, join(directory, "put-aside"));
  const baseline = { what: "without snapshots", value: await timed() };
  return [{ name: "until it delivers", unit: "ms", value, baseline }];
}

const plain = (deliver: Deliver): FlowDefinition =>
  must(
    flow("plain", (f) => {
      f.source<Order>("source", endless())
        .map("transform", (order) => reprice(order))
        .sink("sink", deliver);
    }).build(),
  );

/** Every event is delivered, and counted by key as well. */
const grouped = (deliver: Deliver): FlowDefinition =>
  must(
    flow("grouped", (f) => {
      const source = f.source<Order>("source", endless());
      source
        .stateful(
          "group-by",
          groupBy({
            key: ({ customer }) => customer,
            initial: () => ({ orders: 0 }),
            fold: ({ orders }) => ({ orders: orders + 1 }),
            emit: onEnd(),
          }),
        )
        .sink("groups", () => undefined);
      source.sink("sink", deliver);
    }).build(),
  );

/** A source that finds its way to any of its items. */
const endless = (): ReturnType<typeof seekable<Order>> =>
  seekable(function* ({ skip }) {
    for (let index = skip; ; index++) yield makeOrder(index, KEYS);
  });
