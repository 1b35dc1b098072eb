import { fileStore } from "@refold/log-file";
import type { FlowHandle } from "@refold/runtime";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createRun } from "./bench-run.ts";
import { cpuShare } from "./cpu-share.ts";
import type { Order } from "./order.ts";
import { pauseFor } from "./standing-still.ts";

const STAGES = 100;
const FLOWS = [1, 10] as const;
const WATCH_MS: Readonly<Record<Scale, number>> = { full: 10_000, quick: 3000 };

/** Until the compiler and the collector of the runtime are done with what the start gave them. */
const SETTLE_MS: Readonly<Record<Scale, number>> = { full: 2000, quick: 1000 };

export const idle: Bench = {
  name: "idle",
  title: `Idle: flows of ${STAGES} stages that wait for a source, in one process`,
  mostRuns: 3,
  cases: (scale) =>
    FLOWS.map((flows): BenchCase => ({
      label: `${flows} ${flows === 1 ? "flow" : "flows"} of ${STAGES} stages`,
      measure: (directory) => measure(flows, scale, directory),
    })),
};

async function measure(flows: number, scale: Scale, directory: string): Promise<readonly Metric[]> {
  await pauseFor(SETTLE_MS[scale]);
  const alone = await cpuShare(WATCH_MS[scale]);
  const store = fileStore({ directory });
  const handles: FlowHandle[] = [];
  for (let number = 1; number <= flows; number++) {
    const definition = benchFlow({ stages: STAGES, orders: nothingYet, deliver: () => undefined });
    handles.push((await createRun({ definition, store, durability: "durable", number })).handle);
  }
  const ended = Promise.all(handles.map((handle) => handle.run()));
  await pauseFor(SETTLE_MS[scale]);
  const waiting = await cpuShare(WATCH_MS[scale]);
  const idling = handles.filter((handle) => handle.state.kind === "running").length;
  if (idling !== flows) throw new Error(`${idling} of ${flows} flows were waiting`);
  for (const handle of handles) handle.stop("it was measured");
  await ended;
  return [
    { name: "CPU", unit: "% of a core", value: waiting },
    { name: "CPU before", unit: "% of a core", value: alone },
  ];
}

/** A source that is open and has nothing to give, until it is closed. */
function nothingYet(): AsyncIterable<Order> {
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));
  const end = { done: true, value: undefined } as const;
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => closed.then(() => end),
      return: () => {
        close();
        return Promise.resolve(end);
      },
    }),
  };
}
