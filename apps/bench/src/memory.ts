import { fileStore } from "@refold/log-file";
import type { FlowHandle } from "@refold/runtime";

import type { Bench, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createRun, timeRun } from "./bench-run.ts";
import { makeOrder, makeOrders, reprice, type Order } from "./order.ts";
import { standingStill } from "./standing-still.ts";
import { mean, slope } from "./statistics.ts";

const STAGES = 3;
const PARTS = 5;
const PART_EVENTS: Readonly<Record<Scale, number>> = { full: 1_000_000, quick: 40_000 };
const SAMPLES_PER_PART = 100;
const WARM_UP_EVENTS = 20_000;
const MEBIBYTE = 1024 * 1024;

export const memory: Bench = {
  name: "memory",
  title: "Memory: a durable pipeline of 3 stages in one process, 5 million events (quick: 200,000)",
  mostRuns: 3,
  cases: (scale) => [
    { label: "resident set", measure: (directory) => residentSet(directory, PART_EVENTS[scale]) },
    { label: "events in flight", measure: (directory) => inFlight(directory) },
  ],
};

/** The resident set as it is towards the end of each fifth of a long run. */
async function residentSet(directory: string, partEvents: number): Promise<readonly Metric[]> {
  const samples: number[] = [];
  let delivered = 0;
  const every = partEvents / SAMPLES_PER_PART;
  const deliver = (): void => {
    if (++delivered % every === 0) samples.push(process.memoryUsage().rss / MEBIBYTE);
  };
  const definition = benchFlow({ stages: STAGES, orders: () => makeOrders(PARTS * partEvents), deliver });
  const { handle } = await createRun({ definition, store: fileStore({ directory }), durability: "durable", number: 1 });
  await timeRun(handle);
  const afterPart = Array.from({ length: PARTS }, (_, part) =>
    mean(samples.slice((part + 0.8) * SAMPLES_PER_PART, (part + 1) * SAMPLES_PER_PART)),
  );
  const first = afterPart[0] as number;
  const grown = slope(afterPart.map((rss, part) => [((part + 1) * partEvents) / 1_000_000, rss]));
  const baseline = { what: "after the first fifth", value: first };
  return [
    ...afterPart.map((value, part): Metric => ({ name: `after ${part + 1}/${PARTS}`, unit: "MiB", value, baseline })),
    { name: "growth", unit: "MiB per million events", value: grown },
    { name: "most", unit: "MiB", value: Math.max(...samples), baseline },
  ];
}

/** What a record costs that a stage has emitted and the next has not taken. */
async function inFlight(directory: string): Promise<readonly Metric[]> {
  const store = fileStore({ directory });
  const small = benchFlow({ stages: STAGES, orders: () => makeOrders(WARM_UP_EVENTS), deliver: () => undefined });
  await timeRun((await createRun({ definition: small, store, durability: "buffered", number: 1 })).handle);

  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const stuck = benchFlow({ stages: STAGES, orders: endlessOrders, deliver: () => opened });
  const { handle } = await createRun({ definition: stuck, store, durability: "buffered", number: 2 });
  const before = heapBytes();
  const ended = handle.run();
  const held = await standingStill(() => heldBy(handle));
  const value = (heapBytes() - before) / held;
  handle.stop("it was measured");
  open();
  await ended;

  const beforeOrders = heapBytes();
  const orders = Array.from({ length: held }, (_, index) => reprice(makeOrder(index)));
  const alone = (heapBytes() - beforeOrders) / orders.length;
  return [
    { name: "records held", unit: "records", value: held },
    { name: "heap", unit: "B/record", value, baseline: { what: "as many payloads in an array", value: alone } },
  ];
}

function* endlessOrders(): Generator<Order> {
  for (let index = 0; ; index++) yield makeOrder(index);
}

/** How many records are between stages. */
function heldBy(handle: FlowHandle): number {
  return handle.stages().reduce((sum, stage, index) => sum + stage.out - (index === 0 ? 0 : stage.in), 0);
}

/** The heap in use after a collection. The command of each runtime makes one possible. */
function heapBytes(): number {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(sync: boolean): void } };
  if (Bun !== undefined) Bun.gc(true);
  else if (gc !== undefined) for (let again = 0; again < 3; again++) gc();
  else throw new Error("the garbage collector is not exposed");
  return process.memoryUsage().heapUsed;
}
