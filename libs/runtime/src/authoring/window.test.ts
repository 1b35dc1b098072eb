import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { EdgeGate, FlowRun, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";

import { flow, type Flow } from "./flow.ts";
import type { Stream, WindowStream } from "./stream.ts";
import { session, sliding, tumbling } from "./window-kinds.ts";

interface Reading {
  readonly at: number;
  readonly station: string;
  readonly value: number;
}

const at = (time: number, value: number = 1, station: string = "a"): Reading => ({ at: time, station, value });

/** The values of the inputs, in the order in which they were folded. */
const values = {
  time: (r: Reading) => r.at,
  initial: (): readonly number[] => [],
  fold: (all: readonly number[], r: Reading) => [...all, r.value],
};

interface Windowed {
  readonly results: readonly unknown[];
  readonly late: readonly unknown[];
  readonly recorded: RecordedRun;
}

/** Runs a flow of which the stage `out` is a window stage, and verifies it. */
async function windowed<O>(
  readings: readonly Reading[],
  out: (input: Stream<Reading>) => WindowStream<O, Reading>,
): Promise<Windowed> {
  const results: unknown[] = [];
  const late: unknown[] = [];
  const described = flow("windows", (f) => {
    const stream = out(f.source("readings", readings));
    stream.sink("results", (result) => void results.push(result));
    stream.late.sink("late", (input) => void late.push(input));
  });
  const store = memoryStore();
  const { report, recorded } = await runFlow(described, { store });
  expect(report).toMatchObject({ status: "completed", fault: undefined });
  const replay = await replayFlow(described, { store });
  expect(replay.report).toMatchObject({ verdict: "matched", uncertified: [], first: undefined });
  return { results: [...results], late: [...late], recorded };
}

describe("tumbling windows", () => {
  it("hold the times from their start to before their end, also before 1970", async () => {
    const readings = [at(-11), at(-10), at(-1), at(0), at(9), at(10)];
    const { results, late } = await windowed(readings, (s) => s.window("out", { over: tumbling(10), ...values }));
    expect(results).toEqual([
      { key: undefined, start: -20, end: -10, value: [1], revision: 0 },
      { key: undefined, start: -10, end: 0, value: [1, 1], revision: 0 },
      { key: undefined, start: 0, end: 10, value: [1, 1], revision: 0 },
      { key: undefined, start: 10, end: 20, value: [1], revision: 0 },
    ]);
    expect(late).toEqual([]);
  });
});
export type { EdgeGate, FlowRun, Flow };
void [session, sliding];
