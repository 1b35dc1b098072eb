import { describe, expect, it } from "vitest";

import { EffectFailure, type Lsn } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow, testRunId } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";

interface Order {
  readonly id: number;
  readonly amount: number;
}

const orders = (count: number): readonly Order[] =>
  Array.from({ length: count }, (_, id) => ({ id, amount: (id * 37) % 100 }));

/** An outside that counts its calls, by key. */
class Bank {
  readonly calls: string[] = [];

  charge(key: string, amount: number): { readonly receipt: string } | EffectFailure<{ readonly over: number }> {
    this.calls.push(key);
    if (amount > 90) return new EffectFailure({ error: "domain", message: "too much", detail: { over: amount - 90 } });
    return { receipt: `r${amount}` };
  }
}

function charging(bank: Bank, count: number, delivered: unknown[] = []): Flow {
  const charge = effect({
    name: "charge",
    safety: "keyed",
    run: async (amount: number, { key }) => {
      await Promise.resolve();
      return bank.charge(key, amount);
    },
  });
  return flow("charging", (f) => {
    f.source("orders", orders(count))
      .effectful("charged", {
        effects: { charge },
        concurrency: 4,
        handle: async ({ id, amount }, { effects }) => {
          const outcome = await effects.charge(amount);
          return outcome.match(
            ({ receipt }) => ({ id, receipt }),
            ({ error, detail }) => ({ id, error, over: detail?.over }),
          );
        },
      })
      .sink("out", (item) => void delivered.push(item));
  });
}

describe("an effectful stage", () => {
  it("makes each call once, puts its outcome on record, and keeps outputs in the order of inputs", async () => {
    const bank = new Bank();
    const delivered: unknown[] = [];
    const { report, recorded } = await runFlow(charging(bank, 50, delivered), { store: memoryStore() });
    expect(report.status).toBe("completed");
    expect(bank.calls.length).toBe(50);
    expect(new Set(bank.calls).size).toBe(50);
    expect(delivered).toEqual(
      orders(50).map(({ id, amount }) =>
        amount > 90 ? { id, error: "domain", over: amount - 90 } : { id, receipt: `r${amount}` },
      ),
    );
    expect(recorded.recordsOf("charged", "effect-started").length).toBe(50);
    expect(recorded.recordsOf("charged", "effect-settled").length).toBe(50);
  });

  it("makes no call in a replay, which matches", async () => {
    const bank = new Bank();
    const store = memoryStore();
    await runFlow(charging(bank, 50), { store });
    bank.calls.length = 0;
    const { report } = await replayFlow(charging(bank, 50), { store });
    expect(report).toMatchObject({ verdict: "matched", uncertified: [] });
    expect(bank.calls).toEqual([]);
  });

  it("makes no call again that was settled, wherever the run was killed, and goes on to the end", async () => {
    const { recorded } = await runFlow(charging(new Bank(), 12), { store: memoryStore() });
    for (let frames = 1; frames < recorded.frames.length; frames++) {
      const store = await killedAfter(recorded, frames);
      const settled = recorded.frames
        .slice(0, frames)
        .flatMap(({ records }) => records)
        .filter(({ kind }) => kind === "effect-settled").length;
      const bank = new Bank();
      const run = await FlowRun.resume(charging(bank, 12), { store });
      expect((await run.run()).status, `killed after ${frames}`).toBe("completed");
      expect(bank.calls.length).toBe(12 - settled);
      const { report } = await replayFlow(charging(bank, 12), { store });
      expect(report, `killed after ${frames}`).toMatchObject({ verdict: "matched", uncertified: [] });
    }
  });

  it("of a fork has keys of its own, since it may have other inputs at the same places", async () => {
    const bank = new Bank();
    const { recorded } = await runFlow(charging(bank, 3), { store: memoryStore() });
    const store = memoryStore();
    const runId = testRunId(2);
    const forked = { ...recorded.manifest, runId, forkOf: { runId: recorded.manifest.runId, at: 1 as Lsn } };
    const log = (await store.create(forked))._unsafeUnwrap();
    for (const { lane, timeMs, firstSeq, records } of recorded.frames.slice(0, 1)) {
      log.append({ lane, timeMs, firstSeq, records })._unsafeUnwrap();
    }
    store.crash();
    const other = new Bank();
    const run = await FlowRun.resume(charging(other, 3), { store, number: 2 });
    expect((await run.run()).status).toBe("completed");
    expect(other.calls.length).toBe(3);
    expect(other.calls.filter((key) => bank.calls.includes(key))).toEqual([]);
  });

  it("goes on where its edges have credit for one record alone, wherever the run was killed", async () => {
    const configuration = { flow: { "stage.stepInputs": 1, "flowControl.windowRecords": 1 } } as const;
    const { recorded } = await runFlow(charging(new Bank(), 4), { store: memoryStore(), configuration });
    for (let frames = 1; frames < recorded.frames.length; frames++) {
      const store = await killedAfter(recorded, frames);
      const run = await FlowRun.resume(charging(new Bank(), 4), { store });
      expect((await run.run()).status, `killed after ${frames}`).toBe("completed");
    }
  });
});
