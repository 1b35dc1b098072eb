import { describe, expect, it } from "vitest";

import { SinkFailure, type DeliveryGuarantee, type SinkConnector } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow } from "@refold/testkit";

import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { poll } from "../authoring/poll.ts";
import { bulkhead, circuitBreaker, rateLimit, retry, timeout, type PolicySpec } from "../policy/policy-spec.ts";

/** Lets time pass until a run has ended, and tells when it did. */
async function ended(run: FlowRun): Promise<number> {
  const beganMs = run.clock.now();
  const end = run.run();
  await run.clock.idle();
  while (run.handle.isRunning) {
    await run.clock.idle();
    const { nextMs } = run.clock;
    if (nextMs !== undefined && run.handle.isRunning) run.clock.advance(nextMs - run.clock.now());
  }
  await end;
  return run.clock.now() - beganMs;
}

/** A sink that fails as told, write by write. */
function failingSink(
  guarantee: DeliveryGuarantee,
  failures: (Error | undefined)[],
  taken: unknown[] = [],
): SinkConnector<number> {
  return {
    describe: () => "failing",
    guarantee,
    open: () => ({
      write: ({ items }) => {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        taken.push(...items);
      },
    }),
  };
}

function writing(connector: SinkConnector<number>, policies: readonly PolicySpec[]): Flow {
  return flow("writing", (f) => f.source("items", [1, 2, 3]).sink("out", connector, { policies }));
}

const remote = (): SinkFailure => new SinkFailure({ kind: "batch", error: "remote", message: "away" });

describe("policies of a sink's writes", () => {
  it("try a write again, and each decision is on record and counted", async () => {
    const taken: unknown[] = [];
    const store = memoryStore();
    const make = (): Flow =>
      writing(failingSink("idempotent", [remote(), remote()], taken), [
        retry({ attempts: 3, delayMs: 100 }),
        timeout(50),
      ]);
    const run = await FlowRun.open(make(), { store });
    expect(await ended(run)).toBe(200);
    const recorded = await run.recorded();
    expect(taken).toEqual([1, 2, 3]);
    expect(recorded.recordsOf("out", "policy").map(({ policy, decision }) => [policy, decision])).toEqual([
      ["retry", "scheduled"],
      ["retry", "scheduled"],
    ]);
    expect(recorded.recordsOf("out", "receipt").map(({ outcome, count }) => [outcome, count])).toEqual([
      ["success", 3],
    ]);
    expect(run.handle.metrics().stages.find(({ stage }) => stage === "out")?.policies).toEqual([
      { policy: "retry", decision: "scheduled", count: 2 },
    ]);
    expect(run.handle.policies()).toMatchObject([
      {
        stage: "out",
        policies: [{ name: "retry" }, { name: "timeout" }],
        status: [
          {
            calls: "write",
            policies: [
              { policy: "retry", waiting: 0 },
              { policy: "timeout", timedOut: 0 },
            ],
          },
        ],
      },
    ]);
    expect((await replayFlow(make(), { store })).report.verdict).toBe("matched");
    expect(taken.length).toBe(3);
  });

  it("leave to the sink what is still failing after the last attempt", async () => {
    const taken: unknown[] = [];
    const failures = Array.from({ length: 12 }, () => remote());
    const run = await FlowRun.open(
      writing(failingSink("idempotent", failures, taken), [retry({ attempts: 2, delayMs: 1 })]),
      {
        store: memoryStore(),
      },
    );
    await ended(run);
    const recorded = await run.recorded();
    expect(recorded.recordsOf("out", "receipt").map(({ outcome }) => outcome)).toContain("failed");
    expect(taken).toEqual([]);
    expect(failures.length).toBe(4);
  });

  it("hold the sink back while a breaker is open, and lose nothing", async () => {
    const taken: unknown[] = [];
    const policies = [circuitBreaker({ consecutive: 1, openMs: 1_000 })];
    const run = await FlowRun.open(writing(failingSink("at-least-once", [remote()], taken), policies), {
      store: memoryStore(),
    });
    expect(await ended(run)).toBe(1_000);
    expect(taken).toEqual([1, 2, 3]);
    expect((await run.recorded()).recordsOf("out", "policy").map(({ decision }) => decision)).toEqual([
      "opened",
      "half-opened",
      "closed",
    ]);
  });

  it("let a cancel end what waits", async () => {
    const run = await FlowRun.open(
      writing(failingSink("idempotent", [remote(), remote()]), [retry({ attempts: 3, delayMs: 60_000 })]),
      { store: memoryStore() },
    );
    const end = run.run();
    await run.clock.idle();
    run.handle.stop();
    expect((await end).status).toBe("cancelled");
    expect(run.clock.timers).toBe(0);
  });

  it.each([
    ["exactly-once", true],
    ["idempotent", true],
    ["at-least-once", false],
  ] as const)("may try again where the guarantee is %s: %s", (guarantee, isAllowed) => {
    const built = writing(failingSink(guarantee, []), [retry({ attempts: 2 })]).build();
    expect(built.isOk()).toBe(isAllowed);
    if (built.isErr()) expect(built.error).toMatchObject([{ kind: "bad-option", stage: "out" }]);
  });
});

describe("policies of a source's polls", () => {
  const polling = (read: () => Promise<{ items: number[]; done?: boolean }>, policies: readonly PolicySpec[]): Flow =>
    flow("polling", (f) =>
      f
        .source("polled", poll(read, { everyMs: 10 }), {
          policies,
          extent: "finite",
          retry: { firstMs: 100, attempts: 5 },
        })
        .sink("out", () => undefined),
    );

  it("hold polls to a rate", async () => {
    let polls = 0;
    const store = memoryStore();
    const make = (): Flow =>
      polling(
        async () => Promise.resolve({ items: [++polls], done: polls === 4 }),
        [rateLimit({ perSecond: 1, burst: 1 })],
      );
    const run = await FlowRun.open(make(), { store });
    expect(await ended(run)).toBe(3_000);
    const recorded = await run.recorded();
    expect(recorded.payloads("polled")).toEqual([1, 2, 3, 4]);
    expect(recorded.recordsOf("polled", "policy").length).toBe(3);
    expect((await replayFlow(make(), { store })).report.verdict).toBe("matched");
    expect(polls).toBe(4);
  });

  it("poll nothing while a breaker is open, and do not count that as a failure", async () => {
    let polls = 0;
    const run = await FlowRun.open(
      polling(async () => {
        if (++polls <= 2) throw new Error("away");
        return Promise.resolve({ items: [polls], done: true });
      }, [circuitBreaker({ consecutive: 2, openMs: 5_000 })]),
      { store: memoryStore() },
    );
    expect(await ended(run)).toBe(100 + 5_000);
    const recorded = await run.recorded();
    expect(recorded.payloads("polled")).toEqual([3]);
    expect(recorded.recordsOf("polled", "policy").map(({ policy, decision }) => `${policy} ${decision}`)).toEqual([
      "source-retry scheduled",
      "circuit-breaker opened",
      "source-retry scheduled",
      "circuit-breaker half-opened",
      "circuit-breaker closed",
    ]);
  });

  it("make a poll that took too long again, by the source's own retry", async () => {
    let polls = 0;
    const run = await FlowRun.open(
      polling(
        async () => (++polls === 1 ? new Promise(() => undefined) : Promise.resolve({ items: [polls], done: true })),
        [timeout(500), bulkhead({ concurrent: 1 })],
      ),
      { store: memoryStore() },
    );
    expect(await ended(run)).toBe(600);
    expect((await run.recorded()).payloads("polled")).toEqual([2]);
  });

  it("have no retry of their own", () => {
    const built = polling(async () => Promise.resolve({ items: [] }), [retry({ attempts: 2 })]).build();
    expect(built._unsafeUnwrapErr()).toMatchObject([{ kind: "bad-option", stage: "polled" }]);
  });
});

it("a breaker of an effect that is to wait holds the stage back, and nothing is refused", async () => {
  let calls = 0;
  const flaky = effect({
    name: "flaky",
    safety: "keyed",
    run: async (n: number) => (++calls <= 2 ? Promise.reject(new Error("away")) : Promise.resolve(n)),
    policies: [retry({ attempts: 3, delayMs: 10 }), circuitBreaker({ consecutive: 2, openMs: 500, whileOpen: "wait" })],
  });
  const waiting = flow("waiting", (f) =>
    f
      .source("items", [1, 2, 3])
      .effectful("called", {
        effects: { flaky },
        handle: async (n, { effects }) => (await effects.flaky(n)).unwrapOr(0),
      })
      .sink("out", () => undefined),
  );
  const run = await FlowRun.open(waiting, { store: memoryStore() });
  expect(await ended(run)).toBeGreaterThanOrEqual(500);
  expect((await run.recorded()).payloads("called")).toEqual([1, 2, 3]);
});

it("policies of an effect are seen as they are now, and what they decide is counted", async () => {
  let calls = 0;
  const flaky = effect({
    name: "flaky",
    safety: "keyed",
    run: async (n: number) => (++calls % 2 === 1 ? Promise.reject(new Error("away")) : Promise.resolve(n)),
    policies: [retry({ attempts: 3, delayMs: 10 }), circuitBreaker({ consecutive: 5 })],
  });
  const store = memoryStore();
  const make = (): Flow =>
    flow("calling", (f) =>
      f
        .source("items", [1, 2, 3])
        .effectful("called", {
          effects: { flaky },
          concurrency: 1,
          handle: async (n, { effects }) => (await effects.flaky(n)).unwrapOr(0),
        })
        .sink("out", () => undefined),
    );
  const run = await FlowRun.open(make(), { store });
  await ended(run);
  expect(run.handle.policies()).toMatchObject([
    {
      stage: "called",
      policies: [
        { name: "retry", detail: "flaky" },
        { name: "circuit-breaker", detail: "flaky" },
      ],
      status: [{ calls: "flaky", policies: [{ policy: "retry" }, { policy: "circuit-breaker", state: "closed" }] }],
    },
  ]);
  expect(run.handle.metrics().stages.find(({ stage }) => stage === "called")?.policies).toEqual([
    { policy: "retry", decision: "scheduled", count: 3 },
  ]);
  const { report, recorded } = await replayFlow(make(), { store });
  expect(report.verdict).toBe("matched");
  // What policies decided stands as it is on record.
  expect(recorded.recordsOf("called", "policy").length).toBe(3);
  expect(calls).toBe(6);
});
