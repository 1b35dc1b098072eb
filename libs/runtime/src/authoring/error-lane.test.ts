import { ok } from "neverthrow";
import { describe, expect, expectTypeOf, it } from "vitest";

import type { ErrorKind } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, type RecordedRun } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import type { RejectedInput } from "../edge/record-view.ts";
import { flow, type Flow } from "./flow.ts";
import { reject } from "./rejection.ts";
import { count } from "./count.ts";
import { onEnd } from "./schedule.ts";
import type { Stream } from "./stream.ts";

const KINDS = [
  ...(["timeout", "remote", "rate-limited", "permanent"] as const),
  ...(["deserialization", "validation", "domain", "unknown"] as const),
] satisfies readonly ErrorKind[];

async function verified(described: Flow, configuration = {}): Promise<RecordedRun> {
  const store = memoryStore();
  const run = await FlowRun.open(described, { store, configuration });
  expect(await run.run()).toMatchObject({ status: "completed", fault: undefined });
  const recorded = await run.recorded();
  checkRecord(recorded, run.definition);
  const first = await replayFlow(described, { store });
  expect(first.report).toMatchObject({ verdict: "matched", first: undefined });
  const second = await replayFlow(described, { store, number: 2, into: 3 });
  expect(second.report).toMatchObject({ verdict: "matched", first: undefined });
  return recorded;
}

const numbers = Array.from({ length: 30 }, (_, n) => n);

describe("the errors of a stage", () => {
  it.each(KINDS)("are its rejected inputs of kind %s, each with its message and the input as it was", async (kind) => {
    const rejected: unknown[] = [];
    const kept: unknown[] = [];
    const described = flow("rejecting", (f) => {
      const even = f
        .source("numbers", numbers)
        .tryMap("even", (n) => (n % 2 === 0 ? ok(`${n}`) : reject(kind, `${n} is odd`)));
      expectTypeOf(even.errors).toEqualTypeOf<Stream<RejectedInput<number>>>();
      even.sink("kept", (text) => void kept.push(text));
      even.errors.sink("rejected", (one) => void rejected.push(one));
    });
    const recorded = await verified(described);
    const odd = numbers.filter((n) => n % 2 === 1);
    expect(rejected).toEqual(odd.map((n) => ({ error: kind, message: `${n} is odd`, input: n })));
    expect(kept).toEqual(numbers.filter((n) => n % 2 === 0).map(String));
    expect(recorded.recordsOf("rejected", "contract")).toMatchObject([
      { contract: "transport", verdict: "held", advertised: 0, read: 0 },
      { contract: "delivery", verdict: "held", advertised: 15, read: 15 },
    ]);
  });

  it("are a stream like any other: mapped, counted, merged, and caused by what was rejected", async () => {
    const counted: unknown[] = [];
    const described = flow("stream-of-errors", (f) => {
      const parsed = f
        .source("texts", ["1", "x", "2", "y", "z"])
        .tryMap("parsed", (text) =>
          /\d/.test(text) ? ok(Number(text)) : reject("deserialization", `"${text}" is no number`),
        );
      const messages = parsed.errors.map("messages", ({ message, input }) => `${message} (${input.length})`);
      f.merge(messages, parsed).sink("all", () => undefined);
      parsed.errors
        .stateful("how-often", count({ key: ({ error }) => error, emit: onEnd() }))
        .sink("counted", (one) => void counted.push(one));
    });
    const recorded = await verified(described);
    expect(recorded.payloads("messages")).toEqual([
      '"x" is no number (1)',
      '"y" is no number (1)',
      '"z" is no number (1)',
    ]);
    expect(counted).toEqual([{ key: "deserialization", value: 3 }]);
    const [x] = recorded.recordsOf("messages", "data");
    expect(recorded.records("texts")[x?.originSeq as number]).toMatchObject({ payload: "x" });
  });

  it.each(["validation", "permanent"] as const)(
    "of kind %s can be read by the stage that reads its outputs, over one edge, each once",
    async (kind) => {
      const seen: unknown[] = [];
      const described = flow("both", (f) => {
        const even = f.source("numbers", [1, 2, 3]).tryMap("even", (n) => (n % 2 === 0 ? ok(n) : reject(kind, "odd")));
        f.merge(even, even.errors)
          .map("told", (one) => (typeof one === "number" ? one : one.message))
          .sink("out", (one) => void seen.push(one));
      });
      const recorded = await verified(described, { flow: { "flowControl.windowRecords": 1 } });
      expect(seen).toEqual(["odd", 2, "odd"]);
      expect(recorded.recordsOf("told", "error")).toEqual([]);
    },
  );

  it("are those of this stage alone: what stays in band and is handed on is told of where it came about", async () => {
    const first: unknown[] = [];
    const second: unknown[] = [];
    const described = flow("handed-on", (f) => {
      const one = f.source("numbers", [1, 2, 3, 4]).tryMap("one", (n) => (n === 1 ? reject("domain", "one") : ok(n)));
      const two = one.tryMap("two", (n) => (n === 2 ? reject("domain", "two") : ok(n)));
      one.errors.sink("first", ({ message }) => void first.push(message));
      two.errors.sink("second", ({ message }) => void second.push(message));
      two.map("last", (n) => n).sink("out", () => undefined);
    });
    const recorded = await verified(described);
    expect(first).toEqual(["one"]);
    expect(second).toEqual(["two"]);
    expect(recorded.recordsOf("last", "error").map(({ message }) => message)).toEqual(["one", "two"]);
  });

  it("can be rejected again, and then are errors of that stage", async () => {
    const seen: unknown[] = [];
    const described = flow("again", (f) => {
      const first = f.source("numbers", [1]).tryMap("first", () => reject("remote", "no"));
      const second = first.errors.tryMap("second", ({ message }) => reject("permanent", `still ${message}`));
      first.sink("none", () => undefined);
      second.sink("neither", () => undefined);
      second.errors.sink("out", (one) => void seen.push(one));
    });
    await verified(described);
    expect(seen).toEqual([
      { error: "permanent", message: "still no", input: { error: "remote", message: "no", input: 1 } },
    ]);
  });

  it("hold what the guard of a cycle has put aside", async () => {
    const stuck: RejectedInput<number>[] = [];
    const described = flow("going-round", (f) => {
      const again = f.feedback<number>();
      const round = f.merge(f.source("numbers", [1, 2, 3]), again).map("round", (n) => n);
      again.connect(round.filter("even", (n) => n % 2 === 0));
      round.filter("odd", (n) => n % 2 === 1).sink("done", () => undefined);
      round.errors.sink("stuck", (one) => void stuck.push(one));
    });
    const recorded = await verified(described, { flow: { "divergence.depthHops": 5 } });
    expect(stuck).toEqual([{ error: "permanent", message: "it has come round the cycle more than 5 times", input: 2 }]);
    expect(recorded.payloads("done")).toEqual([]);
  });

  it("cost credit as outputs do: nothing is lost or doubled in the smallest windows", async () => {
    const rejected: number[] = [];
    const described = flow("tight", (f) => {
      const checked = f.source("numbers", numbers).tryMap("checked", () => reject("unknown", "no"));
      checked.errors.sink("rejected", ({ input }) => void rejected.push(input));
      checked.sink("none", () => undefined);
    });
    await verified(described, { flow: { "flowControl.windowRecords": 1, "stage.stepInputs": 7 } });
    expect(rejected).toEqual(numbers);
  });
});
