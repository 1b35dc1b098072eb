import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";
import { CANCEL_GRACE_MS } from "../stage/outside-calls.ts";

/** The default of `flowControl.windowRecords`. */
const WINDOW_RECORDS = 4096;

const never = (): Promise<void> => new Promise(() => undefined);

/** Runs a flow until nothing moves any more, looks, and stops it. */
async function stuck(described: Flow, look: () => void): Promise<void> {
  const run = await FlowRun.open(described, { store: memoryStore() });
  const ended = run.run();
  await run.clock.idle();
  look();
  run.handle.stop("seen enough");
  await run.clock.idle();
  run.clock.advance(CANCEL_GRACE_MS);
  expect((await ended).status).toBe("cancelled");
}

/** Counts what is pulled from a source without end. */
class Endless {
  pulled = 0;

  *items(): Generator<number> {
    for (;;) yield this.pulled++;
  }

  async *itemsLater(): AsyncGenerator<number> {
    for (;;) {
      await Promise.resolve();
      yield this.pulled++;
    }
  }
}

describe("an edge", () => {
  it("bounds how far a source reads ahead of a sink that takes nothing more", async () => {
    const endless = new Endless();
    await stuck(
      flow("direct", (f) => f.source("numbers", () => endless.items()).sink("out", never)),
      () => expect(endless.pulled).toBe(WINDOW_RECORDS),
    );
  });

  it("bounds an asynchronous source by the window and what it buffers", async () => {
    const endless = new Endless();
    await stuck(
      flow("direct", (f) => f.source("numbers", () => endless.itemsLater()).sink("out", never)),
      () => {
        expect(endless.pulled).toBeGreaterThanOrEqual(WINDOW_RECORDS);
        expect(endless.pulled).toBeLessThanOrEqual(WINDOW_RECORDS + 257);
      },
    );
  });

  it("bounds each stage on the way, one window an edge", async () => {
    const endless = new Endless();
    let mapped = 0;
    await stuck(
      flow("chain", (f) =>
        f
          .source("numbers", () => endless.items())
          .map("mapped", (n) => {
            mapped++;
            return n;
          })
          .sink("out", never),
      ),
      () => {
        expect(mapped).toBe(WINDOW_RECORDS);
        expect(endless.pulled).toBe(2 * WINDOW_RECORDS);
      },
    );
  });

  it("is overrun at most by the outputs of one input", async () => {
    const endless = new Endless();
    let outputs = 0;
    await stuck(
      flow("burst", (f) =>
        f
          .source("numbers", () => endless.items())
          .flatMap("bursts", () => {
            outputs += 1_000;
            return Array<number>(1_000).fill(1);
          })
          .sink("out", never),
      ),
      () => expect(outputs).toBeLessThan(WINDOW_RECORDS + 1_000),
    );
  });

  it("holds back a fan-out for its slowest reader, which the others then wait for", async () => {
    const endless = new Endless();
    let delivered = 0;
    await stuck(
      flow("fan-out", (f) => {
        const numbers = f.source("numbers", () => endless.items());
        numbers.sink("stuck", never);
        numbers.sink("ready", () => void delivered++);
      }),
      () => {
        expect(endless.pulled).toBe(WINDOW_RECORDS);
        expect(delivered).toBe(WINDOW_RECORDS);
      },
    );
  });

  it("gives credit back for what is filtered out, so that the source goes on", async () => {
    const { report } = await runFlow(
      flow("sieve", (f) =>
        f
          .source("numbers", Array(5 * WINDOW_RECORDS).fill(1))
          .filter("none", () => false)
          .sink("out", () => undefined),
      ),
      { store: memoryStore() },
    );
    expect(report).toMatchObject({ status: "completed" });
    expect(report.stages[1]).toMatchObject({ in: 5 * WINDOW_RECORDS, out: 0 });
  });

  it("bounds what a projection emits, and takes it up again as it is read", async () => {
    let projected = 0;
    const described = (deliver: () => void | Promise<void>): Flow =>
      flow("projection", (f) =>
        f
          .source("numbers", [1])
          .stateful("many", {
            initial: () => 0,
            fold: () => 0,
            *project() {
              for (projected = 0; projected < 3 * WINDOW_RECORDS; projected++) yield projected;
            },
            emit: { kind: "on-end" },
          })
          .sink("out", deliver),
      );
    await stuck(described(never), () => expect(projected).toBeLessThanOrEqual(WINDOW_RECORDS));
    const store = memoryStore();
    const { recorded } = await runFlow(
      described(() => undefined),
      { store },
    );
    expect(recorded.payloads("many")).toHaveLength(3 * WINDOW_RECORDS);
    expect((await replayFlow(described(never), { store })).report.verdict).toBe("matched");
  });
});

describe("a fan-in", () => {
  const merging = (counts: readonly number[], seen: string[]): Flow =>
    flow("merging", (f) => {
      const sources = counts.map((count, index) =>
        f.source(
          `source-${index}`,
          Array.from({ length: count }, (_, i) => `${index}:${i}`),
        ),
      );
      f.merge(...sources)
        .map("merged", (item) => item)
        .sink("out", (item) => void seen.push(item));
    });

  it("keeps the order of each input", async () => {
    const seen: string[] = [];
    await runFlow(merging([3_000, 10, 700], seen), { store: memoryStore() });
    for (const [index, count] of [3_000, 10, 700].entries()) {
      const own = seen.filter((item) => item.startsWith(`${index}:`));
      expect(own).toEqual(Array.from({ length: count }, (_, i) => `${index}:${i}`));
    }
  });

  it("takes from each input in turn, so that a busy one does not keep another waiting", async () => {
    const seen: string[] = [];
    await runFlow(merging([20_000, 100], seen), { store: memoryStore() });
    const place = seen.findLastIndex((item) => item.startsWith("1:"));
    expect(place).toBeLessThan(2_000);
  });

  it("puts its order on record, and a replay keeps it", async () => {
    const seen: string[] = [];
    const again: string[] = [];
    const store = memoryStore();
    const { recorded } = await runFlow(merging([2_000, 500, 900], seen), { store });
    const replay = await replayFlow(merging([2_000, 500, 900], again), { store });
    expect(replay.report.verdict).toBe("matched");
    expect(replay.recorded.payloads("merged")).toEqual(seen);
    expect(replay.recorded.recordsOf("merged", "consumed")).toEqual(recorded.recordsOf("merged", "consumed"));
    expect(again).toEqual([]);
  });

  it("ends when all its inputs have ended", async () => {
    const seen: string[] = [];
    const { recorded } = await runFlow(merging([0, 5, 0], seen), { store: memoryStore() });
    expect(seen).toHaveLength(5);
    expect(recorded.recordsOf("merged", "end")).toMatchObject([{ end: "natural", counts: [{ count: 5 }] }]);
    const lanes = recorded.recordsOf("merged", "consumed").flatMap(({ spans }) => spans.map(({ lane }) => lane));
    expect(new Set(lanes)).toEqual(new Set([1, 2, 3]));
  });
});
