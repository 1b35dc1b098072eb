import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { EdgeGate, FlowRun, ManualClock, replayFlow, runFlow, type FlowRunOptions } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";
import type { Configuration } from "../config/configuration.ts";
import { CANCEL_GRACE_MS } from "../stage/outside-calls.ts";
import { CreditWindow, type FlowControlSettings } from "./credit-window.ts";

const never = (): Promise<never> => new Promise<never>(() => undefined);

/** Counts what is pulled from a source without end. */
class Endless {
  pulled = 0;
  readonly #payload: (n: number) => unknown;

  constructor(payload: (n: number) => unknown = (n) => n) {
    this.#payload = payload;
  }

  items = function* (this: Endless): Generator<unknown> {
    for (;;) yield this.#payload(this.pulled++);
  }.bind(this);
}

/** Runs a flow until nothing moves any more, looks, and stops it. */
async function stuck(described: Flow, configuration: Configuration, look: () => void): Promise<void> {
  const run = await FlowRun.open(described, { store: memoryStore(), configuration });
  const ended = run.run();
  await run.clock.idle();
  look();
  run.handle.stop("seen enough");
  await run.clock.idle();
  run.clock.advance(CANCEL_GRACE_MS);
  expect((await ended).status).toBe("cancelled");
  expect(run.clock.timers).toBe(0);
}

const settings = (some: Partial<FlowControlSettings> = {}): FlowControlSettings => ({
  mode: "enforce",
  windowRecords: 100,
  windowBytes: 10_000,
  stallTimeoutMs: "never",
  ...some,
});

describe("a window of credit", () => {
  it("never has less than nothing, and all of itself when everything has come back", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 500 }))), (steps) => {
        const window = new CreditWindow(settings());
        let held = 0;
        for (const [wanted, bytesEach] of steps) {
          const given = Math.min(wanted, window.room);
          const before = window.creditBytes;
          window.spend(given, given * bytesEach);
          held += given;
          expect(window.held).toBe(held);
          expect(held).toBeLessThanOrEqual(100);
          expect(window.room).toBeGreaterThanOrEqual(0);
          if (given === 1) expect(before).toBeGreaterThan(0);
          const back = Math.min(held, wanted >> 1);
          window.refund(back);
          held -= back;
        }
        window.refund(held);
        expect([window.held, window.creditRecords, window.creditBytes]).toEqual([0, 100, 10_000]);
      }),
    );
  });

  it("keeps to its bytes when records weigh alike, and lets one through that is heavier than all of it", () => {
    const window = new CreditWindow(settings({ windowRecords: 1_000 }));
    window.spend(10, 1_000);
    expect(window.room).toBe(90);
    window.spend(90, 9_000);
    expect(window.room).toBe(0);
    window.refund(100);
    window.spend(1, 50_000);
    expect([window.room, window.creditBytes]).toEqual([0, 0]);
    window.refund(1);
    expect(window.room).toBe(1);
  });

  it("has a hard limit alone where it is off or only tracked, and still counts", () => {
    for (const mode of ["off", "track"] as const) {
      const window = new CreditWindow(settings({ mode }));
      window.spend(5_000, 500_000);
      expect(window.room).toBe(1_000_000 - 5_000);
      expect([window.held, window.creditRecords, window.creditBytes]).toEqual([5_000, 0, 0]);
      window.spend(995_000, 0);
      expect(window.room).toBe(0);
    }
  });
});

describe("credit on an edge", () => {
  const direct = (endless: Endless): Flow =>
    flow("direct", (f) => f.source("numbers", endless.items).sink("out", never));
  const chain = (endless: Endless): Flow =>
    flow("chain", (f) =>
      f
        .source("numbers", endless.items)
        .map("same", (n) => n)
        .sink("out", never),
    );

  it("is as much as is set for the edge, for the stage that it ends in, or for all, the narrowest first", async () => {
    const records = (windowRecords: number): { readonly "flowControl.windowRecords": number } => ({
      "flowControl.windowRecords": windowRecords,
    });
    for (const [configuration, pulled] of [
      [{ flow: records(7) }, 14],
      [{ flow: records(7), stages: { out: records(5) } }, 12],
      [{ flow: records(7), stages: { out: records(5) }, edges: { "same->out": records(3) } }, 10],
      [{ global: records(2), edges: { "numbers->same": records(4) } }, 6],
    ] as const satisfies readonly (readonly [Configuration, number])[]) {
      const endless = new Endless();
      await stuck(chain(endless), configuration, () => expect(endless.pulled).toBe(pulled));
    }
  });

  it("is counted in bytes as well: what weighs much is sent by the few, and one that is too heavy alone", async () => {
    const light = new Endless(() => "x".repeat(1_000));
    await stuck(direct(light), { flow: { "flowControl.windowBytes": 200_000 } }, () => {
      expect(light.pulled).toBeGreaterThan(180);
      expect(light.pulled).toBeLessThanOrEqual(201);
    });
    const heavy = new Endless(() => "x".repeat(300_000));
    await stuck(direct(heavy), { flow: { "flowControl.windowBytes": 200_000, "stage.stepInputs": 1 } }, () =>
      expect(heavy.pulled).toBe(1),
    );
  });

  it("lets pass, one at a time, records of which each is more than the window", async () => {
    const items = Array.from({ length: 20 }, (_, n) => `${n}`.repeat(2_000));
    const delivered: unknown[] = [];
    const { report } = await runFlow(
      flow("heavy", (f) => f.source("items", items).sink("out", (item) => void delivered.push(item))),
      { store: memoryStore(), configuration: { flow: { "flowControl.windowBytes": 1_024 } } },
    );
    expect(report.status).toBe("completed");
    expect(delivered).toEqual(items);
  });

  it("does not hold back a writer where it is off, up to the hard limit", async () => {
    let pulled = 0;
    const described = flow("wide", (f) =>
      f
        .source("numbers", function* () {
          for (; pulled < 50_000; pulled++) yield pulled;
        })
        .sink("out", never),
    );
    for (const mode of ["off", "track"] as const) {
      pulled = 0;
      await stuck(described, { flow: { "flowControl.mode": mode } }, () => expect(pulled).toBe(50_000));
    }
  });

  it("comes back only when all outputs of an input are accepted, and there is room to ask for another", async () => {
    const endless = new Endless();
    const gate = new EdgeGate({ from: "thrice", to: "out" });
    const run = await FlowRun.open(
      flow("thrice", (f) =>
        f
          .source("numbers", endless.items)
          .flatMap("thrice", (n) => [n, n, n])
          .sink("out", () => undefined),
      ),
      {
        store: memoryStore(),
        gates: [gate],
        configuration: { edges: { "numbers->thrice": { "flowControl.windowRecords": 2 } } },
      },
    );
    const ended = run.run();
    const pulledAfter: number[] = [];
    for (let i = 0; i < 7; i++) {
      await run.clock.idle();
      pulledAfter.push(endless.pulled);
      gate.grant(1);
    }
    expect(pulledAfter).toEqual([2, 2, 2, 2, 3, 3, 3]);
    run.handle.stop();
    await ended;
  });
});

describe("outputs for which there is no room", () => {
  it("are not even computed by a generator, which goes on as they are read", async () => {
    let computed = 0;
    const gate = new EdgeGate({ from: "many", to: "out", credit: 10 });
    const described = (): Flow =>
      flow("lazy", (f) =>
        f
          .source("one", [1])
          .flatMap("many", function* () {
            for (computed = 0; computed < 100_000;) yield computed++;
          })
          .sink("out", () => undefined),
      );
    const store = memoryStore();
    const run = await FlowRun.open(described(), { store, gates: [gate] });
    const ended = run.run();
    await run.clock.idle();
    expect(computed).toBe(10);
    expect(run.handle.metrics().stages[1]).toMatchObject({ in: 1, out: 10, inFlight: 1 });
    gate.grant(15);
    await run.clock.idle();
    expect(computed).toBe(25);
    run.handle.stop("seen enough");
    expect((await ended).status).toBe("cancelled");
    expect((await replayFlow(described(), { store })).report).toMatchObject({ verdict: "matched" });
  });

  it("wait with the stage that emitted them, and no input is taken before they are gone", async () => {
    const gate = new EdgeGate({ from: "burst", to: "out", credit: 3 });
    const delivered: number[] = [];
    let handled = 0;
    const described = (): Flow =>
      flow("parking", (f) =>
        f
          .source("numbers", [0, 100])
          .transform<number>("burst", (n, emit) => {
            handled++;
            for (let i = 0; i < 8; i++) emit(n + i);
          })
          .sink("out", (n) => void delivered.push(n)),
      );
    const store = memoryStore();
    const run = await FlowRun.open(described(), { store, gates: [gate] });
    const ended = run.run();
    await run.clock.idle();
    expect([handled, delivered]).toEqual([1, [0, 1, 2]]);
    gate.grant(4);
    await run.clock.idle();
    expect([handled, delivered.length]).toEqual([1, 7]);
    gate.grant(2);
    await run.clock.idle();
    expect([handled, delivered]).toEqual([2, [0, 1, 2, 3, 4, 5, 6, 7, 100]]);
    gate.open();
    expect((await ended).status).toBe("completed");
    expect((await replayFlow(described(), { store })).report.verdict).toBe("matched");
  });

  it("make no difference to what a run amounts to, nor to its replay, in windows of 1 to 5", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(6), { maxLength: 30 }),
        fc.record({
          "flowControl.windowRecords": fc.integer({ min: 1, max: 5 }),
          "stage.stepInputs": fc.integer({ min: 1, max: 5 }),
          "sink.batchInputs": fc.integer({ min: 1, max: 5 }),
        }),
        fc.boolean(),
        fc.option(fc.nat(120), { nil: undefined }),
        async (items, cut, throwing, stopAt) => {
          const delivered: unknown[] = [];
          const described = (): Flow =>
            flow("cut", (f) => {
              const numbers = f.source("numbers", items);
              numbers
                .flatMap("lazy", function* (n) {
                  for (let i = 0; i < n; i++) {
                    if (throwing && n === 6 && i === 4) throw new Error("six");
                    yield `${n}.${i}`;
                  }
                })
                .transform<string>("eager", (text, emit) => {
                  for (let i = 0; i < 3; i++) emit(`${text}.${i}`);
                })
                .sink("out", (text) => void delivered.push(text));
              numbers.sink("other", () => undefined);
            });
          const store = memoryStore();
          const run = await FlowRun.open(described(), { store, configuration: { flow: cut } });
          let frames = 0;
          run.handle.watch(() => void (frames++ === stopAt && run.handle.stop("enough")));
          const report = await run.run();
          const expected = items.flatMap((n) =>
            Array.from({ length: n }, (_, i) => i).flatMap((i) => [0, 1, 2].map((j) => `${n}.${i}.${j}`)),
          );
          if (report.status === "completed") expect(delivered).toEqual(expected);
          else expect(delivered).toEqual(expected.slice(0, delivered.length));
          expect(run.clock.timers).toBe(0);
          const replay = await replayFlow(described(), { store });
          expect(replay.report.first).toBeUndefined();
          expect(replay.report.verdict).toBe("matched");
        },
      ),
      { seed: 5, numRuns: 150 },
    );
  });

  it("name the input of a handler that throws only once there is room for them", async () => {
    const { report } = await runFlow(
      flow("late", (f) =>
        f
          .source("numbers", [1, 2])
          .flatMap("many", function* (n) {
            yield n;
            yield n;
            if (n === 2) throw new Error("two");
          })
          .sink("out", () => undefined),
      ),
      { store: memoryStore(), configuration: { flow: { "flowControl.windowRecords": 1 } } },
    );
    expect(report.fault).toMatchObject({ code: "handler-threw", stage: "many", input: "numbers:4" });
  });
});

describe("a stalled edge", () => {
  const siblings = (): Flow =>
    flow("siblings", (f) => {
      const numbers = f.source("numbers", new Endless().items);
      numbers.sink("stuck", never);
      numbers.sink("healthy", () => undefined);
    });
  const started = async (described: Flow, options: Partial<FlowRunOptions>): Promise<FlowRun> => {
    const run = await FlowRun.open(described, { store: memoryStore(), ...options });
    void run.run();
    await run.clock.idle();
    return run;
  };
  const pass = async (clock: ManualClock, ms: number): Promise<void> => {
    clock.advance(ms);
    await clock.idle();
  };

  it("fails its writer after its timeout, by name, whatever a healthy sibling does", async () => {
    const gate = new EdgeGate({ from: "numbers", to: "healthy" });
    const run = await started(siblings(), {
      gates: [gate],
      configuration: { flow: { "flowControl.windowRecords": 10, "flowControl.stallTimeoutMs": 1_000 } },
    });
    // The sibling has its credit, and takes what it gets now and then.
    gate.grant(4);
    await run.clock.idle();
    for (const ms of [300, 300, 300]) {
      await pass(run.clock, ms);
      gate.grant(2);
      await run.clock.idle();
      expect(run.handle.state.kind).toBe("running");
    }
    gate.open();
    await run.clock.idle();
    await pass(run.clock, 1_000);
    await pass(run.clock, CANCEL_GRACE_MS);
    const report = await run.run();
    expect(report).toMatchObject({ status: "failed", fault: { code: "edge-stalled", stage: "numbers" } });
    expect(report.reason).toBe(
      "the edge numbers -> stuck has stalled: 10 records wait for stuck, which has taken none for 1000 ms",
    );
  });

  it("has all its time again when it makes any progress", async () => {
    let settle: () => void = () => undefined;
    const run = await started(
      flow("slow", (f) =>
        f.source("numbers", new Endless().items).sink("slow", () => new Promise<void>((resolve) => (settle = resolve))),
      ),
      {
        configuration: {
          flow: { "flowControl.windowRecords": 4, "flowControl.stallTimeoutMs": 1_000, "sink.batchInputs": 1 },
        },
      },
    );
    for (let i = 0; i < 5; i++) {
      await pass(run.clock, 999);
      settle();
      await run.clock.idle();
    }
    expect(run.handle.state.kind).toBe("running");
    await pass(run.clock, 999);
    expect(run.handle.state.kind).toBe("running");
    await pass(run.clock, 1);
    expect(run.handle.state.kind).toBe("failed");
    await pass(run.clock, CANCEL_GRACE_MS);
    await run.run();
    expect(run.clock.timers).toBe(0);
  });

  it("has all its time again by what its reader takes, even if no room comes of it", async () => {
    let settle: () => void = () => undefined;
    const run = await started(
      flow("slow", (f) =>
        f.source("numbers", new Endless().items).sink("slow", () => new Promise<void>((resolve) => (settle = resolve))),
      ),
      {
        gates: [new EdgeGate({ from: "numbers", to: "slow", credit: 4 })],
        configuration: { flow: { "flowControl.stallTimeoutMs": 1_000, "sink.batchInputs": 1 } },
      },
    );
    for (let i = 0; i < 4; i++) {
      await pass(run.clock, 900);
      settle();
      await run.clock.idle();
    }
    expect(run.handle.state.kind).toBe("running");
    await pass(run.clock, 1_000);
    expect((await run.run()).fault?.code).toBe("edge-stalled");
  });

  it("is waited for without an end where that is set", async () => {
    const run = await started(siblings(), { configuration: { flow: { "flowControl.stallTimeoutMs": "never" } } });
    await pass(run.clock, 10 * 3_600_000);
    expect(run.handle.state.kind).toBe("running");
    run.handle.stop();
    await run.clock.idle();
    await pass(run.clock, CANCEL_GRACE_MS);
    await run.run();
  });
});

describe("a stage that waits for credit", () => {
  /** Counts what the runtime asks of its clock: whoever is busy asks for the time, or for a turn. */
  class CountingClock extends ManualClock {
    asked = 0;

    override now(): number {
      this.asked++;
      return super.now();
    }

    override turn(): Promise<void> {
      this.asked++;
      return super.turn();
    }
  }

  const waiting = async (): Promise<{ readonly run: FlowRun; readonly clock: CountingClock }> => {
    const clock = new CountingClock(0);
    const run = await FlowRun.open(
      flow("waiting", (f) =>
        f
          .source("numbers", new Endless().items)
          .flatMap("twice", (n) => [n, n])
          .sink("out", () => undefined),
      ),
      { store: memoryStore(), clock, gates: [new EdgeGate({ from: "twice", to: "out", credit: 5 })] },
    );
    void run.run();
    await clock.idle();
    return { run, clock };
  };

  it("does nothing meanwhile", async () => {
    const { run, clock } = await waiting();
    const { asked } = clock;
    for (let i = 0; i < 20; i++) await clock.idle();
    expect(clock.asked).toBe(asked);
    run.handle.stop();
    await run.run();
  });

  it("obeys a pause and a resume, a stop with a deadline, and a cancel", async () => {
    const { run, clock } = await waiting();
    run.handle.pause();
    await clock.idle();
    expect(run.handle.stages()[0]?.state).toBe("paused");
    run.handle.resume();
    await clock.idle();
    expect(run.handle.stages()[0]?.state).toBe("running");
    run.handle.stopGraceful({ timeoutMs: 500 });
    await clock.idle();
    expect(run.handle.stages()[0]?.state).toBe("draining");
    clock.advance(500);
    expect(await run.run()).toMatchObject({ status: "cancelled", reason: "stop_timeout (user_stop)", abandoned: [] });
    const other = await waiting();
    other.run.handle.stop("now");
    expect(await other.run.run()).toMatchObject({ status: "cancelled", reason: "now" });
    expect(other.clock.timers).toBe(0);
  });
});
