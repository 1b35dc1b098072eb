import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow } from "@refold/testkit";

import { afterEveryKill, settledIn } from "../../test/every-kill.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";

/** An outside that takes time: as long as is given for the calls, one after another in the order in which they are made. */
class SlowOutside {
  underWay = 0;
  most = 0;
  made = 0;
  readonly #clock: ManualClock;
  readonly #delaysMs: readonly number[];

  constructor(clock: ManualClock, delaysMs: readonly number[]) {
    this.#clock = clock;
    this.#delaysMs = delaysMs;
  }

  async call(input: string): Promise<string> {
    const delayMs = this.#delaysMs[this.made++ % this.#delaysMs.length] ?? 0;
    this.most = Math.max(this.most, ++this.underWay);
    if (delayMs > 0) await new Promise<void>((resolve) => this.#clock.schedule(delayMs, resolve));
    this.underWay--;
    return `${input}!`;
  }
}

/** Waits a few steps of the promises more than others do, as code does that is deeper. */
async function deep<T>(value: T, steps: number): Promise<T> {
  return steps === 0 ? value : deep(await value, steps - 1);
}

/** A handler with several calls at once, each followed by another, one after another. */
function chains(
  outside: SlowOutside,
  { inputs, concurrency }: { readonly inputs: number; readonly concurrency: number },
): Flow {
  const call = effect({ name: "call", safety: "keyed", run: async (input: string) => outside.call(input) });
  return flow("chains", (f) => {
    f.source(
      "items",
      Array.from({ length: inputs }, (_, id) => id),
    )
      .effectful("called", {
        effects: { call },
        concurrency,
        handle: async (id, { effects }) => {
          const chain = async (name: string, steps: number): Promise<string> => {
            const first = (await deep(await effects.call(`${id}${name}`), steps)).unwrapOr("");
            return (await effects.call(first)).unwrapOr("");
          };
          return { id, got: await Promise.all([chain("a", 4), chain("b", 0), chain("c", 2)]) };
        },
      })
      .sink("out", () => undefined);
  });
}

/** Lets time pass until a run has ended. */
async function ended(run: FlowRun): Promise<void> {
  const end = run.run();
  for (let still = 0; still < 200; still++) {
    await run.clock.idle();
    const { nextMs } = run.clock;
    if (!run.handle.isRunning) break;
    if (nextMs !== undefined) run.clock.advance(nextMs - run.clock.now());
    still = nextMs === undefined ? still : 0;
  }
  await end;
}

const expected = (inputs: number): readonly unknown[] =>
  Array.from({ length: inputs }, (_, id) => ({ id, got: ["a", "b", "c"].map((name) => `${id}${name}!!`) }));

const delays = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 });

describe("calls at once", () => {
  it("keep to the concurrency, leave outputs in the order of inputs, and are asked for alike in a replay", async () => {
    await fc.assert(
      fc.asyncProperty(delays, fc.integer({ min: 1, max: 5 }), async (delaysMs, concurrency) => {
        const clock = new ManualClock(Date.UTC(2026, 0));
        const store = memoryStore();
        const outside = new SlowOutside(clock, delaysMs);
        const make = (): Flow => chains(outside, { inputs: 8, concurrency });
        const run = await FlowRun.open(make(), { store, clock });
        await ended(run);
        const recorded = await run.recorded();
        expect(recorded.payloads("called")).toEqual(expected(8));
        // Three calls for each input in hand.
        expect(outside.most).toBeLessThanOrEqual(concurrency * 3);
        expect(outside.made).toBe(48);
        expect((await replayFlow(make(), { store })).report).toMatchObject({ verdict: "matched", uncertified: [] });
        expect(outside.made).toBe(48);
      }),
      { numRuns: 25 },
    );
  });

  it("are made once each, wherever the run is killed", async () => {
    const clock = new ManualClock(Date.UTC(2026, 0));
    const run = await FlowRun.open(chains(new SlowOutside(clock, [7, 2, 0, 4, 4]), { inputs: 4, concurrency: 3 }), {
      store: memoryStore(),
      clock,
    });
    await ended(run);
    const recorded = await run.recorded();
    let outside = new SlowOutside(clock, [0]);
    const make = (): Flow => chains(outside, { inputs: 4, concurrency: 3 });
    for await (const { frames, report, replayed, run: resumed } of afterEveryKill(recorded, make)) {
      expect(report.status, `killed after ${frames}`).toBe("completed");
      expect(outside.made, `killed after ${frames}`).toBe(24 - settledIn(recorded, frames));
      expect((await resumed.recorded()).payloads("called")).toEqual(expected(4));
      expect(replayed, `killed after ${frames}`).toMatchObject({ verdict: "matched", uncertified: [] });
      outside = new SlowOutside(clock, [0]);
    }
  });

  it("that nobody waits for are part of what the handler did", async () => {
    const clock = new ManualClock(Date.UTC(2026, 0));
    const outside = new SlowOutside(clock, [5]);
    const store = memoryStore();
    const call = effect({ name: "call", safety: "keyed", run: async (input: string) => outside.call(input) });
    const forgetful = flow("forgetful", (f) => {
      f.source("items", ["x", "y"])
        .effectful("called", {
          effects: { call },
          handle: (id, { effects }) => {
            void effects.call(id).then(async () => effects.call(`${id}2`));
            return id;
          },
        })
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(forgetful, { store, clock });
    await ended(run);
    const kinds = (await run.recorded()).records("called").map(({ kind }) => kind);
    expect(kinds.lastIndexOf("effect-settled")).toBeLessThan(kinds.indexOf("consumed"));
    expect(kinds.filter((kind) => kind === "effect-settled").length).toBe(4);
    expect((await replayFlow(forgetful, { store })).report.verdict).toBe("matched");
  });
});
