import { fileStore } from "@refold/log-file";
import { effect, flow, type FlowDefinition } from "@refold/runtime";

import type { Bench, Metric, Scale } from "./bench-case.ts";
import { createRun, timeRun } from "./bench-run.ts";
import { must } from "./must.ts";

const FEW = 1_000;
const MANY: Readonly<Record<Scale, number>> = { full: 1_000_000, quick: 10_000 };
const WARM_UP = 5_000;
const PARTS = 10;
const MEBIBYTE = 1024 * 1024;

export const effects: Bench = {
  name: "effects",
  title: "Effects: calls that answer at once, each begun and settled on record, buffered",
  mostRuns: 3,
  cases: (scale) => [
    { label: "1 thousand", measure: (directory) => calls(directory, FEW) },
    { label: "1 million (quick: 10,000)", measure: (directory) => calls(directory, MANY[scale]) },
  ],
};

/** How many effects there are a second, first and last, and how much the heap grew in between. */
async function calls(directory: string, count: number): Promise<readonly Metric[]> {
  const store = fileStore({ directory });
  const run = async (inputs: number, number: number, called: () => void): Promise<number> => {
    const { handle } = await createRun({ definition: calling(inputs, called), store, durability: "buffered", number });
    return timeRun(handle);
  };
  await run(WARM_UP, 1, () => undefined);
  const partMs: number[] = [];
  const heaps: number[] = [];
  let made = 0;
  let lastMs = performance.now();
  let collectingMs = 0;
  const wholeMs = await run(count, 2, () => {
    if (++made % (count / PARTS) !== 0) return;
    const nowMs = performance.now();
    partMs.push(nowMs - lastMs);
    heaps.push(heapMebibytes());
    lastMs = performance.now();
    collectingMs += lastMs - nowMs;
  });
  const elapsedMs = wholeMs - collectingMs;
  const rate = (ms: number): number => ((count / PARTS) * 1000) / ms;
  // The first tenth has what begins the run.
  const [, second = 0] = partMs;
  const last = partMs.at(-1) as number;
  return [
    { name: "throughput", unit: "effects/s", value: (count * 1000) / elapsedMs },
    {
      name: "last tenth",
      unit: "effects/s",
      value: rate(last),
      baseline: { what: "the second tenth", value: rate(second) },
    },
    { name: "heap grown", unit: "MiB", value: (heaps.at(-1) as number) - (heaps[1] as number) },
  ];
}

function calling(inputs: number, called: () => void): FlowDefinition {
  const call = effect({
    name: "call",
    safety: "keyed",
    run: async (n: number) => {
      called();
      return Promise.resolve(n);
    },
  });
  const built = flow("effects", (f) => {
    f.source("numbers", () => numbers(inputs))
      .effectful("called", {
        effects: { call },
        concurrency: 64,
        handle: async (n, context) => (await context.effects.call(n)).unwrapOr(0),
      })
      .sink("out", () => undefined);
  });
  return must(built.build());
}

function* numbers(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n;
}

/** After a collection, where the command of the runtime makes one possible. */
function heapMebibytes(): number {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(sync: boolean): void } };
  if (Bun !== undefined) Bun.gc(true);
  else gc?.();
  return process.memoryUsage().heapUsed / MEBIBYTE;
}
