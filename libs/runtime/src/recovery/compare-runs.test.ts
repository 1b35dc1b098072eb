import { describe, expect, it } from "vitest";

import type { RunReader } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { runFlow, testRunId } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";
import { compareRuns, type RunComparison } from "./compare-runs.ts";
import { explainCompareFault } from "./explain-compare-fault.ts";

interface Numbers {
  readonly items?: readonly number[];
  readonly times?: number;
}

const numbers = ({ items = [1, 2, 3], times = 2 }: Numbers = {}): Flow =>
  flow("numbers", (f) =>
    f
      .source("counted", items)
      .map("multiplied", (n) => ({ product: n * times }))
      .sink("out", () => undefined),
  );

async function opened(...flows: readonly Flow[]): Promise<readonly [RunReader, RunReader]> {
  const store = memoryStore();
  for (const [index, one] of flows.entries()) {
    // Steps of other sizes: what a run comes to does not depend on them.
    await runFlow(one, { store, number: index + 1, configuration: { flow: { "stage.stepInputs": index + 1 } } });
  }
  const [first, second] = await Promise.all([store.open(testRunId(1)), store.open(testRunId(2))]);
  return [first._unsafeUnwrap(), second._unsafeUnwrap()];
}

async function compared(first: Flow, second: Flow): Promise<RunComparison> {
  return (await compareRuns(...(await opened(first, second))))._unsafeUnwrap();
}

const verdicts = ({ stages }: RunComparison): readonly string[] =>
  stages.map(({ stage, verdict }) => `${stage} ${verdict}`);

describe("two runs of one flow", () => {
  it("match where their stages gave the same, however their steps were cut", async () => {
    const found = await compared(numbers(), numbers());
    expect(found).toMatchObject({ verdict: "matched", uncertified: [] });
    expect(found.stages).toMatchObject([
      { stage: "counted", verdict: "same", counts: [3, 3] },
      { stage: "multiplied", verdict: "same", counts: [3, 3] },
      { stage: "out", verdict: "same", counts: [3, 3] },
    ]);
  });

  it("diverge at the first output that is not the same, which is shown with both places", async () => {
    const found = await compared(numbers({ items: [0, 2, 3] }), numbers({ items: [0, 2, 3], times: 3 }));
    expect(found.verdict).toBe("diverged");
    expect(verdicts(found)).toEqual(["counted same", "multiplied changed", "out same"]);
    expect(found.stages.map(({ differing }) => differing)).toEqual([0, 2, 0]);
    expect(found.stages[1]?.difference).toMatchObject({
      first: { place: expect.stringMatching(/^multiplied:\d+$/) as string, value: { payload: { product: 4 } } },
      second: { place: expect.stringMatching(/^multiplied:\d+$/) as string, value: { payload: { product: 6 } } },
      differences: [{ path: "$.payload.product", recorded: "4", recomputed: "6" }],
    });
  });

  it("diverge where one of them goes on, either way", async () => {
    const [short, long] = [numbers({ items: [1, 2] }), numbers({ items: [1, 2, 3, 4] })];
    const more = await compared(short, long);
    expect(verdicts(more)).toEqual(["counted more", "multiplied more", "out more"]);
    expect(more.stages[0]).toMatchObject({
      counts: [2, 4],
      difference: { first: undefined, second: { value: { payload: 3 } } },
    });
    const fewer = await compared(long, short);
    expect(verdicts(fewer)).toEqual(["counted fewer", "multiplied fewer", "out fewer"]);
    expect(fewer.stages[2]).toMatchObject({ counts: [4, 2], difference: undefined });
  });

  it("are refused where they have other stages", async () => {
    const other = flow("numbers", (f) => f.source("digits", [1]).sink("out", () => undefined));
    const fault = (await compareRuns(...(await opened(numbers(), other))))._unsafeUnwrapErr();
    expect(fault).toMatchObject({ kind: "other-flow" });
    expect(explainCompareFault(fault)).toMatch(
      /Stage "counted" is in the first run alone\.\n.*"multiplied".*\n.*"digits" is in the second run alone\./,
    );
  });
});
