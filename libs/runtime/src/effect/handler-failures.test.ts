import { err, ok } from "neverthrow";
import { describe, expect, it } from "vitest";

import { eventType } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow } from "@refold/testkit";

import { afterEveryKill, settledIn } from "../../test/every-kill.ts";
import { Outside } from "../../test/outside.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";

function failing(outside: Outside, at: number | undefined): Flow {
  const act = effect({ name: "act", safety: "keyed", run: outside.act });
  return flow("failing", (f) => {
    f.source("amounts", [1, 2, 3, 4])
      .effectful("acted", {
        effects: { act },
        handle: async (amount, { effects }) => {
          const acted = await effects.act(amount);
          if (amount === at) throw new Error("no more");
          return acted.unwrapOr(undefined);
        },
      })
      .sink("out", () => undefined);
  });
}

describe("an effectful handler", () => {
  it("that throws fails its stage with the input in hand, and those before it are on record", async () => {
    const store = memoryStore();
    const outside = new Outside();
    const { report, recorded } = await runFlow(failing(outside, 3), { store });
    expect(report).toMatchObject({
      status: "failed",
      fault: { code: "handler-threw", stage: "acted", input: "amounts:5" },
    });
    expect(report.fault).toMatchObject({ message: "Error: no more" });
    expect(recorded.payloads("acted")).toEqual([{ acted: 1 }, { acted: 2 }]);
    const mended = await FlowRun.resume(failing(outside, undefined), { store });
    expect((await mended.run()).status).toBe("completed");
    expect(outside.calls.length).toBe(4);
    expect((await mended.recorded()).payloads("acted")).toEqual([1, 2, 3, 4].map((acted) => ({ acted })));
    expect((await replayFlow(failing(outside, undefined), { store })).report.verdict).toBe("matched");
  });

  it("may reject an input, emit several outputs, and is not called for errors of its inputs", async () => {
    const seen: number[] = [];
    const act = effect({ name: "act", safety: "keyed", run: async (amount: number) => Promise.resolve(amount * 2) });
    const mixed = flow("mixed", (f) => {
      const acted = f
        .source("amounts", [1, 2, 3, 4])
        .tryMap("checked", (n) => (n === 2 ? err({ kind: "validation", message: "two" }) : ok(n)))
        .effectful(
          "acted",
          {
            effects: { act },
            handle: async (amount, { effects, emit, reject }) => {
              seen.push(amount);
              const doubled = (await effects.act(amount)).unwrapOr(0);
              if (amount === 3) {
                reject("domain", "three");
                return undefined;
              }
              emit(`first ${doubled}`);
              return `then ${doubled}`;
            },
          },
          { type: eventType<string>("acted") },
        );
      acted.sink("out", () => undefined);
      acted.errors.sink("errors", () => undefined);
    });
    const store = memoryStore();
    const { recorded, report } = await runFlow(mixed, { store });
    expect(report.status).toBe("completed");
    expect(seen).toEqual([1, 3, 4]);
    expect(recorded.payloads("acted")).toEqual(["first 2", "then 2", "first 8", "then 8"]);
    expect(recorded.recordsOf("acted", "error").map(({ error, message }) => [error, message])).toEqual([
      ["validation", "two"],
      ["domain", "three"],
    ]);
    expect((await replayFlow(mixed, { store })).report.verdict).toBe("matched");
    for await (const { frames, report: resumed, replayed } of afterEveryKill(recorded, () => mixed)) {
      expect(resumed.status, `killed after ${frames}`).toBe("completed");
      expect(replayed, `killed after ${frames}`).toMatchObject({ verdict: "matched", uncertified: [] });
    }
  });

  it("has a state that is that of every input before, one at a time, wherever the run was killed", async () => {
    let outside = new Outside();
    const make = (): Flow => {
      const act = effect({ name: "act", safety: "idempotent", run: outside.act });
      return flow("summing", (f) => {
        f.source("amounts", [1, 2, 3, 4, 5])
          .statefulEffects("summed", {
            effects: { act },
            initial: () => ({ sum: 0 }),
            handle: async (state, amount, { effects }) => {
              const { acted } = (await effects.act(state.sum + amount)).unwrapOr({ acted: 0 });
              return { state: { sum: acted }, outputs: [acted, -acted] };
            },
          })
          .sink("out", () => undefined);
      });
    };
    const { recorded } = await runFlow(make(), { store: memoryStore() });
    const sums = [1, 3, 6, 10, 15].flatMap((sum) => [sum, -sum]);
    expect(recorded.payloads("summed")).toEqual(sums);
    outside = new Outside();
    for await (const { frames, report, replayed, run } of afterEveryKill(recorded, make)) {
      expect(report.status, `killed after ${frames}`).toBe("completed");
      expect((await run.recorded()).payloads("summed"), `killed after ${frames}`).toEqual(sums);
      expect(outside.calls.length, `killed after ${frames}`).toBe(5 - settledIn(recorded, frames));
      expect(replayed, `killed after ${frames}`).toMatchObject({ verdict: "matched", uncertified: [] });
      outside = new Outside();
    }
  });

  it("captures a value once, and is given it ever after", async () => {
    let made = 0;
    const capturing = flow("capturing", (f) => {
      f.source("items", ["a", "b", "c"])
        .effectful("captured", {
          effects: {},
          handle: async (item, { capture }) => {
            const value = await capture("a number", () => ++made);
            const failed = await capture("a failure", () => {
              made++;
              throw new Error("none");
            }).catch((cause: unknown) => String(cause));
            return { item, value, failed };
          },
        })
        .sink("out", () => undefined);
    });
    const store = memoryStore();
    const { recorded } = await runFlow(capturing, { store });
    expect(made).toBe(6);
    const values = recorded.payloads("captured");
    const { report, recorded: replayed } = await replayFlow(capturing, { store });
    expect(report.verdict).toBe("matched");
    expect(replayed.payloads("captured")).toEqual(values);
    expect(made).toBe(6);
    for await (const { frames, report: resumed, replayed: again } of afterEveryKill(recorded, () => capturing)) {
      expect(made, `killed after ${frames}`).toBe(12 - settledIn(recorded, frames));
      expect(resumed.status).toBe("completed");
      expect(again.verdict).toBe("matched");
      made = 6;
    }
  });

  it("is told that an outcome cannot be stored, and so is a replay", async () => {
    const outcomes: unknown[] = [];
    const act = effect({ name: "act", safety: "keyed", run: (n: number) => ({ n, hook: () => n }) });
    const unstorable = flow("unstorable", (f) => {
      f.source("amounts", [1])
        .effectful("acted", {
          effects: { act },
          handle: async (amount, { effects }) => {
            const outcome = await effects.act(amount);
            outcomes.push(outcome.isErr() ? outcome.error : outcome.value);
            return outcome.isErr() ? outcome.error.message : "stored";
          },
        })
        .sink("out", () => undefined);
    });
    const store = memoryStore();
    expect((await runFlow(unstorable, { store })).report.status).toBe("completed");
    expect((await replayFlow(unstorable, { store })).report.verdict).toBe("matched");
    expect(outcomes).toEqual([outcomes[0], outcomes[0]]);
    expect(outcomes[0]).toMatchObject({ error: "permanent" });
    expect(JSON.stringify(outcomes[0])).toMatch(/cannot be stored.*hook/);
  });

  it("fails its stage with what it calls with, where that cannot be stored, and nothing is called", async () => {
    let called = 0;
    const act = effect({ name: "act", safety: "keyed", run: (hook: () => void) => void (hook(), called++) });
    const unstorable = flow("unstorable", (f) => {
      f.source("amounts", [1])
        .effectful("acted", {
          effects: { act },
          handle: async (_, { effects }) => void (await effects.act(() => undefined)),
        })
        .sink("out", () => undefined);
    });
    const { report } = await runFlow(unstorable, { store: memoryStore() });
    expect(report.fault).toMatchObject({ code: "payload-refused", stage: "acted", input: "amounts:3" });
    expect(report.fault?.message).toMatch(/a call of "act" cannot be stored/);
    expect(called).toBe(0);
  });

  it("can ask for nothing after it has returned", async () => {
    let late: Promise<unknown> = Promise.resolve();
    let emitting = (): void => undefined;
    const act = effect({ name: "act", safety: "keyed", run: async (n: number) => Promise.resolve(n) });
    const leaking = flow("leaking", (f) => {
      f.source("amounts", [1])
        .effectful(
          "acted",
          {
            effects: { act },
            handle: (amount, { effects, emit }) => {
              emitting = () => {
                late = effects.act(amount);
                emit(0);
              };
              return 1;
            },
          },
          { type: eventType<number>("acted") },
        )
        .sink("out", () => undefined);
    });
    expect((await runFlow(leaking, { store: memoryStore() })).report.status).toBe("completed");
    expect(() => emitting()).toThrow("emit was called after its handler had returned");
    await expect(late).rejects.toThrow('"act" was called after its handler had returned');
  });
});
