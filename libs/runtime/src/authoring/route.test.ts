import { ok } from "neverthrow";
import { describe, expect, expectTypeOf, it } from "vitest";

import { eventType, type TypeId } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { explainFlowFault } from "../definition/flow-fault.ts";
import { flow, type Flow, type FlowBuilder } from "./flow.ts";
import type { RejectedInput } from "../edge/record-view.ts";
import { reject } from "./rejection.ts";
import type { StageStream } from "./stream.ts";

const small = eventType<number>("small");
const large = eventType<{ readonly size: number }>("large");
const odd = eventType<string>("odd");

const numbers = Array.from({ length: 40 }, (_, n) => n);

/** Up to 9 is small, the rest is large; what is odd is told of besides. */
const sorted = (f: FlowBuilder) =>
  f.source("numbers", numbers).route("sorted", { small, large, odd }, (n, to) => {
    if (n < 10) to.small(n);
    else to.large({ size: n });
    if (n % 2 === 1) to.odd(`${n}`);
  });

/** Runs a flow to its end, holds its record against its promises, and has its replay match. */
async function verified(described: Flow, configuration = {}): Promise<FlowRun> {
  const store = memoryStore();
  const run = await FlowRun.open(described, { store, configuration });
  expect(await run.run()).toMatchObject({ status: "completed", fault: undefined });
  checkRecord(await run.recorded(), run.definition);
  const { report } = await replayFlow(described, { store });
  expect(report).toMatchObject({ verdict: "matched", first: undefined });
  return run;
}

describe("a route", () => {
  it("gives each branch its own outputs, in order, of its own type", async () => {
    const got: Record<"small" | "large" | "odd", unknown[]> = { small: [], large: [], odd: [] };
    const described = flow("branches", (f) => {
      const branches = sorted(f);
      expectTypeOf(branches.large).toEqualTypeOf<StageStream<{ readonly size: number }, number>>();
      branches.small.sink("to-small", (n) => void got.small.push(n));
      branches.large.sink("to-large", (one) => void got.large.push(one.size));
      branches.odd.map("as-number", Number).sink("to-odd", (n) => void got.odd.push(n));
    });
    const run = await verified(described);
    expect(got.small).toEqual(numbers.slice(0, 10));
    expect(got.large).toEqual(numbers.slice(10));
    expect(got.odd).toEqual(numbers.filter((n) => n % 2 === 1));
    const recorded = await run.recorded();
    const { types } = recorded.manifest;
    const typeOf = (name: string): TypeId => types.findIndex((type) => type.name === name) as TypeId;
    expect(recorded.recordsOf("sorted", "end")).toMatchObject([
      {
        counts: [
          { type: typeOf("small"), count: 10 },
          { type: typeOf("large"), count: 30 },
          { type: typeOf("odd"), count: 20 },
        ],
      },
    ]);
  });

  it("advertises to each reader the records of its branches alone", async () => {
    const described = flow("advertised", (f) => {
      const branches = sorted(f);
      branches.small.sink("to-small", () => undefined);
      f.merge(branches.large, branches.odd).sink("to-both", () => undefined);
    });
    const recorded = await (await verified(described)).recorded();
    for (const [sink, count] of [
      ["to-small", 10],
      ["to-both", 50],
    ] as const) {
      const contracts = recorded.recordsOf(sink, "contract");
      expect(contracts.map(({ contract, verdict, advertised, read }) => [contract, verdict, advertised, read])).toEqual(
        [
          ["transport", "held", count, count],
          ["delivery", "held", count, count],
        ],
      );
    }
  });

  it("is read by two branches at once over one edge, in the order in which they were emitted", async () => {
    const got: unknown[] = [];
    const described = flow("both", (f) => {
      const { small, odd } = sorted(f);
      f.merge(odd, small).sink("out", (one) => void got.push(one));
    });
    const run = await verified(described);
    expect(run.definition.stages.at(-1)).toMatchObject({ inputs: [{ takes: { types: { length: 2 } } }] });
    expect(got.slice(0, 6)).toEqual([0, 1, "1", 2, 3, "3"]);
    expect(got).toHaveLength(30);
  });

  it("shows both readers of a branch every record of it, and no other", async () => {
    const got: unknown[][] = [[], []];
    const described = flow("fan-out", (f) => {
      const { small } = sorted(f);
      small.sink("left", (n) => void got[0]?.push(n));
      small.map("same", (n) => n).sink("right", (n) => void got[1]?.push(n));
    });
    await verified(described, { flow: { "flowControl.windowRecords": 1 } });
    expect(got).toEqual([numbers.slice(0, 10), numbers.slice(0, 10)]);
  });

  it("may have a branch that nobody reads: its records are on record, and cost no credit", async () => {
    const described = flow("unread", (f) => void sorted(f).small.sink("out", () => undefined));
    const recorded = await (await verified(described, { flow: { "flowControl.windowRecords": 1 } })).recorded();
    expect(recorded.payloads("sorted")).toHaveLength(60);
  });

  it("is refused where nobody reads any branch, without branches, or with one type twice", () => {
    const faults = (build: (f: FlowBuilder) => void): readonly string[] =>
      flow("wrong", build)
        .build()
        .match(
          () => [],
          (found) => found.map(explainFlowFault),
        );
    expect(faults((f) => void sorted(f)).join()).toMatch(/"sorted" leads to no sink/);
    expect(faults((f) => void f.source("numbers", [1]).route("none", {}, () => undefined)).join()).toMatch(
      /Stage "none": it has no branches/,
    );
    const twice = faults((f) => {
      const { left } = f.source("numbers", [1]).route("twice", { left: small, right: small }, () => undefined);
      left.sink("out", () => undefined);
    });
    expect(twice).toEqual([
      'Stage "twice": its branches `left` and `right` have the same event type "small": give each its own.',
    ]);
  });

  it("takes no output after its handler has returned, and awaits nothing", async () => {
    const late: ((n: number) => void)[] = [];
    const described = flow("late", (f) => {
      const { small: branch } = f.source("numbers", [1, 2]).route("late", { small }, (n, to) => {
        late.push(to.small);
        if (n === 2) late[0]?.(7);
      });
      branch.sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, { store: memoryStore() });
    // The router is one for all inputs; it is open while a handler runs.
    expect((await run.run()).status).toBe("completed");
    expect((await run.recorded()).payloads("late")).toEqual([7]);
    expect(() => late[0]?.(8)).toThrow("after its handler had returned");
    const awaiting = flow("awaiting", (f) => {
      const handler = (async () => undefined) as unknown as () => undefined;
      f.source("numbers", [1])
        .route("slow", { small }, handler)
        .small.sink("out", () => undefined);
    });
    const failed = await (await FlowRun.open(awaiting, { store: memoryStore() })).run();
    expect(failed.fault).toMatchObject({ code: "handler-threw", stage: "slow" });
    expect(failed.fault?.message).toMatch(/must not await/);
  });

  it("hands errors that stay in band on by every branch, and tells of a rejected input where its errors are read", async () => {
    const got: RejectedInput<unknown>[] = [];
    const described = flow("rejecting", (f) => {
      const checked = f
        .source("numbers", [1, 2, 3])
        .tryMap("checked", (n) => (n === 2 ? reject("validation", "two") : ok(n)));
      const { small: left, odd: right } = checked.route("parted", { small, odd }, (n, to) => to.small(n));
      left.map("left", (n) => n).sink("left-out", () => undefined);
      right.map("right", (n) => n).sink("right-out", () => undefined);
      checked.errors.sink("rejected", (one) => void got.push(one));
    });
    const recorded = await (await verified(described)).recorded();
    for (const stage of ["parted", "left", "right"]) expect(recorded.recordsOf(stage, "error")).toHaveLength(1);
    expect(got).toEqual([{ error: "validation", message: "two", input: 2 }]);
  });
});

describe("filterMap", () => {
  it("leaves out what is undefined, and nothing else", async () => {
    const got: unknown[] = [];
    const described = flow("filter-map", (f) => {
      const some = f.source("numbers", [0, 1, 2, 3]).filterMap("some", (n) => [null, undefined, "", false][n]);
      some.sink("out", (one) => void got.push(one));
    });
    await verified(described);
    expect(got).toEqual([null, "", false]);
  });
});
