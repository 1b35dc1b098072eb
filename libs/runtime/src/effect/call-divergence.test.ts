import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { Outside } from "../../test/outside.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import type { EffectResult } from "./effect-outcome.ts";

interface Acted {
  readonly acted: number;
}
type Act = (amount: number) => Promise<EffectResult<Acted>>;
type Handler = (amount: number, act: Act, other: Act) => Promise<unknown>;

/** A flow whose handler, and the version of whose effect, can be changed. */
function asking(outside: Outside, handler: Handler, { version = 1 }: { readonly version?: number } = {}): Flow {
  const act = effect({ name: "act", version, safety: "keyed", run: outside.act });
  const other = effect({ name: "other", safety: "keyed", run: outside.act });
  return flow("asking", (f) => {
    f.source("amounts", [1, 2, 3, 4])
      .effectful("acted", {
        effects: { act, other },
        concurrency: 3,
        handle: async (amount, { effects }) => void (await handler(amount, effects.act, effects.other)),
      })
      .sink("out", () => undefined);
  });
}

const twice: Handler = async (amount, act) => {
  await act(amount);
  await act(amount + 10);
};

const changes: readonly (readonly [what: string, flow: (outside: Outside) => Flow, message: RegExp])[] = [
  [
    "another input",
    (outside) => asking(outside, async (n, act) => [await act(n), await act(n + 11)]),
    /\$? is 12, but on record it is 11/,
  ],
  [
    "another effect",
    (outside) => asking(outside, async (n, act, other) => [await act(n), await other(n + 10)]),
    /call 1 is of "other", but on record it is of "act"/,
  ],
  [
    "another version",
    (outside) => asking(outside, twice, { version: 2 }),
    /in version 2, but on record it is of version 1/,
  ],
  [
    "a call less",
    (outside) => asking(outside, async (n, act) => act(n)),
    /a call of "act" is on record, and is not made now/,
  ],
  [
    "another input, which the handler makes nothing of",
    (outside) =>
      asking(outside, async (n, act) => {
        await act(n + 1).catch(() => undefined);
        await act(n + 10).catch(() => undefined);
      }),
    /is 2, but on record it is 1/,
  ],
];

/** A run that was killed when all calls of the first input were settled, and its step not taken. */
async function killedInHand(): Promise<Awaited<ReturnType<typeof killedAfter>>> {
  const { recorded } = await runFlow(asking(new Outside(), twice), { store: memoryStore() });
  return killedAfter(recorded, frameOf(recorded, 1) + 1);
}

/** The frame in which the first call of this ordinal is settled. */
function frameOf(recorded: RecordedRun, ordinal: number): number {
  return recorded.frames.findIndex(({ records }) =>
    records.some((record) => record.kind === "effect-settled" && record.ordinal === ordinal),
  );
}

describe("a call that is not the one on record", () => {
  it.each(changes)("is found by a replay: %s", async (_, changed) => {
    const store = memoryStore();
    await runFlow(asking(new Outside(), twice), { store });
    const outside = new Outside();
    const { report } = await replayFlow(changed(outside), { store });
    expect(report.verdict).toBe("diverged");
    expect(report.first).toMatchObject({ stage: "acted" });
    expect(`${String(report.first?.recorded)} ${String(report.first?.recomputed)}`).toMatch(/"act"|"other"|act/);
    expect(outside.calls).toEqual([]);
  });

  it.each(changes)("fails the stage that is gone on with, before any call: %s", async (_, changed, message) => {
    const store = await killedInHand();
    const outside = new Outside();
    const run = await FlowRun.resume(changed(outside), { store });
    const report = await run.run();
    expect(report).toMatchObject({ status: "failed", fault: { code: "effect-diverged", stage: "acted" } });
    expect(report.fault?.message).toMatch(message);
    expect(outside.calls).toEqual([]);
    const mended = new Outside();
    const again = await FlowRun.resume(asking(mended, twice), { store });
    expect((await again.run()).status).toBe("completed");
    expect((await replayFlow(asking(mended, twice), { store })).report).toMatchObject({ verdict: "matched" });
  });

  it("is found by a replay where it is one call more", async () => {
    const store = memoryStore();
    await runFlow(asking(new Outside(), twice), { store });
    const outside = new Outside();
    const more = asking(outside, async (n, act) => [await act(n), await act(n + 10), await act(n)]);
    const { report } = await replayFlow(more, { store });
    expect(report.first?.kind).toBe("handler-threw");
    expect(report.first?.recomputed).toMatch(/call 2, of "act", is not on record/);
    expect(outside.calls).toEqual([]);
  });

  it("does not hold up a replay whose handler waits for outcomes in another order", async () => {
    const store = memoryStore();
    const chained: Handler = async (n, act) =>
      Promise.all([
        act(n).then(async () => act(n + 20)),
        act(n + 10).then(async () => Promise.resolve().then(() => undefined)),
      ]);
    await runFlow(asking(new Outside(), chained), { store });
    const unchained: Handler = async (n, act) => {
      await Promise.all([act(n), act(n + 10)]);
    };
    const { report } = await replayFlow(asking(new Outside(), unchained), { store });
    expect(report).toMatchObject({ verdict: "diverged", first: { kind: "missing" } });
  });
});
