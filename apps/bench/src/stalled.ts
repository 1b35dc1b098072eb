import { fileStore } from "@refold/log-file";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createRun, removeRun, timeRun } from "./bench-run.ts";
import { cpuShare } from "./cpu-share.ts";
import { makeOrders, type Order } from "./order.ts";
import { pauseFor, standingStill } from "./standing-still.ts";

const STAGES = 3;
const EVENTS: Readonly<Record<Scale, number>> = { full: 5_000_000, quick: 100_000 };
const WARM_UP: Readonly<Record<Scale, number>> = { full: 500_000, quick: 20_000 };
const STALL_MS: Readonly<Record<Scale, number>> = { full: 5000, quick: 1000 };
const SAMPLE_EVERY_EVENTS = 1000;
const MEBIBYTE = 1024 * 1024;

/** How long the slow sink takes for one batch, so that it sets the pace of the whole. */
const BATCH_MS = 5;
const BATCH_INPUTS = 1024;

const WINDOW_RECORDS = 4096;
const WINDOWS = { what: `the windows of all edges together`, value: (STAGES - 1) * WINDOW_RECORDS };
const CONFIGURATION = {
  flow: {
    "flowControl.stallTimeoutMs": "never",
    "flowControl.windowRecords": WINDOW_RECORDS,
    "sink.batchInputs": BATCH_INPUTS,
  },
} as const;

export const stalled: Bench = {
  name: "stalled",
  title: "Stalled: 5 million events (quick: 100,000) are offered to 3 durable stages, and the sink does not keep up",
  mostRuns: 3,
  cases: (scale): readonly BenchCase[] => [
    { label: "stalled sink, then released", measure: (directory) => behindStalledSink(directory, scale) },
    { label: "slow sink", measure: (directory) => behindSlowSink(directory, scale) },
  ],
};

async function behindStalledSink(directory: string, scale: Scale): Promise<readonly Metric[]> {
  await warmUp(directory, scale);
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let isReleased = false;
  const progress = new Progress(EVENTS[scale]);
  const deliver = (): void | Promise<void> => {
    if (isReleased) return progress.arrived();
    return released.then(() => progress.arrived());
  };
  const atStart = residentMiB();
  const { handle, location } = await start(directory, progress, deliver);
  const ended = timeRun(handle);
  await standingStill(() => progress.pulled);
  const cpu = await cpuShare(STALL_MS[scale]);
  const { pulled } = progress;
  const whileStalled = residentMiB();
  isReleased = true;
  release();
  await ended;
  progress.checkAllArrived();
  removeRun(location);
  const baseline = { what: "before the run", value: atStart };
  return [
    { name: "pulled while stalled", unit: "events", value: pulled, baseline: WINDOWS },
    { name: "CPU while stalled", unit: "% of a core", value: cpu },
    { name: "before", unit: "MiB", value: atStart },
    { name: "stalled", unit: "MiB", value: whileStalled, baseline },
    { name: "grown while stalled", unit: "MiB", value: whileStalled - atStart },
    { name: "after", unit: "MiB", value: residentMiB(), baseline },
    { name: "most", unit: "MiB", value: progress.mostResidentMiB, baseline },
  ];
}

async function behindSlowSink(directory: string, scale: Scale): Promise<readonly Metric[]> {
  await warmUp(directory, scale);
  const progress = new Progress(EVENTS[scale]);
  let inBatch = 0;
  const deliver = (): void | Promise<void> => {
    progress.arrived();
    if (++inBatch < BATCH_INPUTS) return undefined;
    inBatch = 0;
    return pauseFor(BATCH_MS);
  };
  const atStart = residentMiB();
  const { handle, location } = await start(directory, progress, deliver);
  const elapsedMs = await timeRun(handle);
  progress.checkAllArrived();
  removeRun(location);
  const baseline = { what: "before the run", value: atStart };
  const pace = { what: `a batch of ${BATCH_INPUTS} every ${BATCH_MS} ms`, value: (BATCH_INPUTS * 1000) / BATCH_MS };
  return [
    { name: "most in flight", unit: "events", value: progress.mostInFlight, baseline: WINDOWS },
    { name: "throughput", unit: "events/s", value: (progress.events / elapsedMs) * 1000, baseline: pace },
    { name: "before", unit: "MiB", value: atStart },
    { name: "after", unit: "MiB", value: residentMiB(), baseline },
    { name: "most", unit: "MiB", value: progress.mostResidentMiB, baseline },
  ];
}

type Deliver = (order: Order) => void | Promise<void>;

function start(directory: string, progress: Progress, deliver: Deliver): ReturnType<typeof createRun> {
  return createRun({
    definition: benchFlow({ stages: STAGES, orders: () => progress.orders(), deliver }),
    store: fileStore({ directory }),
    durability: "durable",
    number: 2,
    configuration: CONFIGURATION,
  });
}

/** A run of the same flow with a sink that keeps up, so that the process has found its level. */
async function warmUp(directory: string, scale: Scale): Promise<void> {
  const { handle, location } = await createRun({
    definition: benchFlow({ stages: STAGES, orders: () => makeOrders(WARM_UP[scale]), deliver: () => undefined }),
    store: fileStore({ directory }),
    durability: "durable",
    number: 1,
  });
  await timeRun(handle);
  removeRun(location);
}

/** Counts what leaves the source and what reaches the sink, and looks at the resident set on the way. */
class Progress {
  readonly events: number;
  pulled = 0;
  mostInFlight = 0;
  mostResidentMiB = 0;
  #delivered = 0;

  constructor(events: number) {
    this.events = events;
  }

  *orders(): Generator<Order> {
    for (const order of makeOrders(this.events)) {
      this.pulled++;
      yield order;
    }
  }

  arrived(): void {
    this.mostInFlight = Math.max(this.mostInFlight, this.pulled - this.#delivered);
    if (++this.#delivered % SAMPLE_EVERY_EVENTS === 0) {
      this.mostResidentMiB = Math.max(this.mostResidentMiB, residentMiB());
    }
  }

  checkAllArrived(): void {
    if (this.#delivered !== this.events) throw new Error(`${this.#delivered} of ${this.events} events arrived`);
  }
}

function residentMiB(): number {
  return process.memoryUsage().rss / MEBIBYTE;
}
