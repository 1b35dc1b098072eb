import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { encodeRecords, MessagePackWriter, type PolicyRecord } from "@refold/core";
import { ManualClock } from "@refold/testkit";

import type { AbortSignalLike } from "@refold/core";
import type { CallOutcome, Classified } from "./call-outcome.ts";
import { bulkhead, circuitBreaker, rateLimit, retry, timeout, type PolicySpec } from "./policy-spec.ts";
import { PolicyStack, type PolicyHost } from "./policy-stack.ts";

/** What an attempt of the tests fails with. */
class Refused extends Error {
  readonly classified: Classified;

  constructor(some: Partial<Classified> = {}) {
    super("refused");
    this.classified = { error: "remote", message: "the outside refused", ...some };
  }
}

/** A stack, and the outside that it guards. */
class Trial {
  readonly clock = new ManualClock();
  readonly told: PolicyRecord[] = [];
  /** What was told and when attempts began, in one order. */
  readonly happened: string[] = [];
  readonly stack: PolicyStack;
  /** When attempts began. */
  readonly startedMs: number[] = [];
  underWay = 0;
  mostUnderWay = 0;

  constructor(specs: readonly PolicySpec[], host: Partial<PolicyHost> = {}) {
    this.stack = new PolicyStack(specs, {
      clock: this.clock,
      random: () => 0.5,
      abortController: () => new AbortController(),
      classify: (cause) =>
        cause instanceof Refused ? cause.classified : { error: "unknown", message: "something was thrown" },
      decided: (record) => {
        this.told.push(record);
        this.happened.push(`${record.policy} ${record.decision}`);
      },
      ...host,
    });
  }

  get decisions(): readonly string[] {
    return this.told.map(({ policy, decision }) => `${policy} ${decision}`);
  }

  /** An attempt that takes so long, then returns the number of the attempt or fails. Heeds its signal. */
  attempt(takesMs: number, failure?: () => Refused | undefined): (signal: AbortSignal) => Promise<number> {
    return async (signal) => {
      this.startedMs.push(this.clock.now());
      this.happened.push("attempt");
      const number = this.startedMs.length;
      this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
      try {
        await new Promise<void>((resolve, reject) => {
          const callOff = this.clock.schedule(takesMs, resolve);
          signal.addEventListener("abort", () => {
            callOff();
            reject(signal.reason as Error);
          });
        });
      } finally {
        this.underWay--;
      }
      const failed = failure?.();
      if (failed !== undefined) throw failed;
      return number;
    };
  }

  /** Fails so often, at once, then succeeds. */
  failing(times: number, some: Partial<Classified> = {}): () => Promise<number> {
    return async () => {
      this.startedMs.push(this.clock.now());
      if (this.startedMs.length <= times) throw new Refused(some);
      return this.startedMs.length;
    };
  }

  /** Lets time pass from timer to timer, so that what comes of each happens at its time. */
  async advance(ms: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    await this.clock.idle();
    for (let next = this.clock.nextMs; next !== undefined && next <= endMs; next = this.clock.nextMs) {
      this.clock.advance(next - this.clock.now());
      await this.clock.idle();
    }
    this.clock.advance(endMs - this.clock.now());
    await this.clock.idle();
  }

  /** Lets time pass until nothing is left that could happen. */
  async settled<T>(calls: Promise<T>): Promise<T> {
    await this.clock.idle();
    for (let next = this.clock.nextMs; next !== undefined; next = this.clock.nextMs) {
      await this.advance(next - this.clock.now());
    }
    return calls;
  }
}

const never = (): Promise<never> => new Promise<never>(() => undefined);

describe("a stack of policies", () => {
  it("gives back what the call gives, and tells nothing of it", async () => {
    const trial = new Trial([
      retry(),
      circuitBreaker({ consecutive: 5 }),
      bulkhead({ concurrent: 1 }),
      rateLimit({ perSecond: 1 }),
      timeout(1_000),
    ]);
    expect(await trial.stack.call(trial.failing(0))).toEqual({ kind: "succeeded", value: 1, attempts: 1 });
    expect(trial.told).toEqual([]);
    expect(trial.clock.timers).toBe(0);
  });

  it("is nothing in the way where there are no policies: a failure is a value, also of what throws at once", async () => {
    const trial = new Trial([]);
    const refused = new Refused({ error: "permanent", retryAfterMs: 7 });
    const throwing = (): Promise<never> => {
      throw refused;
    };
    expect(await trial.stack.call(throwing)).toEqual({
      kind: "failed",
      by: "call",
      error: "permanent",
      message: "the outside refused",
      retryAfterMs: 7,
      cause: refused,
      attempts: 1,
    });
    expect(trial.told).toEqual([]);
    expect(trial.stack.status()).toEqual([]);
  });

  it("makes no call that is cancelled already", async () => {
    const trial = new Trial([rateLimit({ perSecond: 1 }), bulkhead({ concurrent: 1 })]);
    expect(await trial.stack.call(trial.failing(0), AbortSignal.abort())).toMatchObject({
      kind: "failed",
      by: "cancel",
      attempts: 0,
    });
    expect(trial.startedMs).toEqual([]);
    // Neither the place nor the token is gone.
    expect(await trial.stack.call(trial.failing(0))).toMatchObject({ kind: "succeeded" });
    expect(trial.told).toEqual([]);
  });

  it("tries again after its delays, and tells what is to come and why", async () => {
    const trial = new Trial([retry()]);
    const outcome = await trial.settled(trial.stack.call(trial.failing(2)));
    expect(outcome).toEqual({ kind: "succeeded", value: 3, attempts: 3 });
    expect(trial.startedMs).toEqual([0, 250, 750]);
    expect(trial.told.map(({ detail }) => detail)).toEqual([
      { attempt: 2, delayMs: 250, error: "remote", message: "the outside refused" },
      { attempt: 3, delayMs: 500, error: "remote", message: "the outside refused" },
    ]);
  });

  it("gives up with the last failure when its attempts are used up, and tells so", async () => {
    const trial = new Trial([retry({ attempts: 2, delayMs: 100 })]);
    const outcome = await trial.settled(trial.stack.call(trial.failing(9)));
    expect(outcome).toMatchObject({ kind: "failed", by: "call", error: "remote", attempts: 2 });
    expect(trial.told.at(-1)).toEqual({
      kind: "policy",
      policy: "retry",
      decision: "exhausted",
      detail: { attempts: 2, limit: "attempts", error: "remote", message: "the outside refused" },
    });
  });

  it("makes no attempt that a wait within has brought out of the window of its retry", async () => {
    const trial = new Trial([retry({ delayMs: 100, windowMs: 1_000 }), rateLimit({ perSecond: 0.1 })]);
    const outcome = await trial.settled(trial.stack.call(trial.failing(9)));
    expect(outcome).toMatchObject({ kind: "failed", by: "call", attempts: 1 });
    expect(trial.startedMs).toEqual([0]);
    expect(trial.decisions).toEqual(["retry scheduled", "rate-limit delayed", "retry exhausted"]);
    expect(trial.told.at(-1)?.detail).toMatchObject({ limit: "window" });
    // The token it had waited for is there for another call.
    expect(trial.stack.status()).toMatchObject([
      { policy: "retry", waiting: 0 },
      { policy: "rate-limit", tokens: 1 },
    ]);
  });

  it("times out each attempt, tells its signal, and does not mind what becomes of it", async () => {
    const trial = new Trial([retry({ attempts: 2, delayMs: 10 }), timeout(1_000)]);
    const reasons: unknown[] = [];
    const outcome = await trial.settled(
      trial.stack.call((signal) => {
        const attempt = trial.attempt(60_000)(signal);
        return attempt.catch((cause: unknown) => {
          reasons.push(cause);
          throw cause;
        });
      }),
    );
    expect(outcome).toMatchObject({ kind: "failed", by: "timeout", error: "timeout", attempts: 2 });
    expect(trial.startedMs).toEqual([0, 1_010]);
    expect(reasons).toMatchObject([{ name: "TimeoutError" }, { name: "TimeoutError" }]);
    expect(trial.decisions).toEqual(["timeout timed-out", "retry scheduled", "timeout timed-out", "retry exhausted"]);
    expect(trial.clock.timers).toBe(0);
  });

  it("refuses at once while its breaker is open, says for how long, and does not try again", async () => {
    const trial = new Trial([retry({ delayMs: 0 }), circuitBreaker({ consecutive: 2 }), rateLimit({ perSecond: 9 })]);
    const outcome = await trial.settled(trial.stack.call(trial.failing(2)));
    expect(outcome).toMatchObject({
      by: "circuit-breaker",
      error: "remote",
      message: "the circuit breaker is open for another 60000 ms; before that: the outside refused",
      cause: new Refused(),
      retryAfterMs: 60_000,
      attempts: 2,
    });
    await trial.advance(20_000);
    expect(await trial.stack.call(trial.failing(0))).toMatchObject({
      retryAfterMs: 40_000,
      attempts: 0,
      cause: undefined,
    });
    expect(trial.startedMs).toHaveLength(2);
    await trial.advance(40_000);
    expect(await trial.stack.call(trial.failing(0))).toMatchObject({ kind: "succeeded" });
    expect(trial.decisions).toEqual([
      "retry scheduled",
      "circuit-breaker opened",
      "retry scheduled",
      "circuit-breaker half-opened",
      "circuit-breaker closed",
    ]);
  });

  it("does not take an input that the outside does not want for an outside that is not well", async () => {
    for (const error of ["validation", "domain"] as const) {
      const trial = new Trial([circuitBreaker({ consecutive: 1 })]);
      for (let i = 0; i < 5; i++) await trial.stack.call(trial.failing(9, { error }));
      expect(trial.startedMs).toHaveLength(5);
      expect(trial.told).toEqual([]);
    }
  });

  it("refuses calls that waited while the breaker opened, and their tokens come back", async () => {
    const trial = new Trial([
      circuitBreaker({ consecutive: 1 }),
      bulkhead({ concurrent: 1, waiting: 5 }),
      rateLimit({ perSecond: 0.001, burst: 3 }),
    ]);
    const call = (): Promise<CallOutcome<number>> => trial.stack.call(trial.attempt(100, () => new Refused()));
    const outcomes = await trial.settled(Promise.all([call(), call(), call()]));
    expect(outcomes).toMatchObject([
      { by: "call" },
      { by: "circuit-breaker", attempts: 0 },
      { by: "circuit-breaker", attempts: 0 },
    ]);
    expect(trial.startedMs).toEqual([0]);
    expect(trial.stack.status()).toMatchObject([
      { policy: "circuit-breaker", state: "open" },
      { policy: "bulkhead", underWay: 0, waiting: 0 },
      { policy: "rate-limit" },
    ]);
    const tokens = trial.stack.status().map((status) => (status.policy === "rate-limit" ? status.tokens : 0));
    expect(tokens[2]).toBeGreaterThanOrEqual(2);
  });

  it("lets another probe pass after one that said nothing, or was not made", async () => {
    const trial = new Trial([circuitBreaker({ consecutive: 1, openMs: 100 })]);
    await trial.stack.call(trial.failing(1));
    await trial.advance(100);
    expect(await trial.stack.call(trial.failing(9, { error: "validation" }))).toMatchObject({ by: "call" });
    expect(await trial.stack.call(trial.failing(9), AbortSignal.abort())).toMatchObject({ by: "cancel" });
    expect(await trial.stack.call(trial.failing(0))).toMatchObject({ kind: "succeeded" });
    expect(trial.decisions.slice(1)).toEqual(["circuit-breaker half-opened", "circuit-breaker closed"]);
  });

  it("makes a probe of a call that waited for longer than the breaker was open", async () => {
    const trial = new Trial([circuitBreaker({ consecutive: 1, openMs: 100 }), rateLimit({ perSecond: 1 })]);
    const first = trial.stack.call(trial.attempt(10, () => new Refused()));
    const second = trial.stack.call(trial.failing(9, { error: "validation" }));
    const third = trial.stack.call(trial.failing(0));
    expect(await trial.settled(Promise.all([first, second, third]))).toMatchObject([
      { by: "call", error: "remote" },
      { by: "call", error: "validation" },
      { kind: "succeeded" },
    ]);
    expect(trial.startedMs).toEqual([0, 1_000, 2_000]);
    expect(trial.decisions.slice(2)).toEqual([
      "circuit-breaker opened",
      "circuit-breaker half-opened",
      "circuit-breaker closed",
    ]);
  });

  it("refuses what does not fit into the bulkhead, and does not try that again", async () => {
    const trial = new Trial([retry(), bulkhead({ concurrent: 1 })]);
    const first = trial.stack.call(trial.attempt(100));
    expect(await trial.stack.call(trial.failing(0))).toMatchObject({
      by: "bulkhead",
      error: "rate-limited",
      message: "the bulkhead is full: 1 calls are under way, and 0 wait",
      attempts: 0,
    });
    expect(await trial.settled(first)).toMatchObject({ kind: "succeeded" });
    expect(trial.decisions).toEqual(["bulkhead refused"]);
  });

  it("shows the present state of each policy, the outermost first", async () => {
    const trial = new Trial([
      timeout(500),
      rateLimit({ perSecond: 2, burst: 2 }),
      bulkhead({ concurrent: 2, waiting: 4 }),
      circuitBreaker({ consecutive: 5 }),
      retry({ delayMs: 1_000 }),
    ]);
    const calls = [1, 2, 3].map(() => trial.stack.call(trial.attempt(10_000)));
    await trial.advance(600);
    expect(trial.stack.status()).toEqual([
      { policy: "retry", waiting: 2, attempts: 3 },
      { policy: "circuit-breaker", state: "closed", calls: 2, failures: 2, slow: 0, refusesForMs: 0 },
      { policy: "bulkhead", underWay: 1, concurrent: 2, waiting: 0 },
      { policy: "rate-limit", tokens: expect.closeTo(0.2) as number, burst: 2, perSecond: 2, waiting: 0 },
      { policy: "timeout", ms: 500, timedOut: 2 },
    ]);
    await trial.settled(Promise.all(calls));
  });
});

describe("a call that is cancelled", () => {
  const cancelled = async (
    trial: Trial,
    prepare: () => void,
    call: (signal: AbortSignal) => Promise<CallOutcome<number>>,
  ): Promise<CallOutcome<number>> => {
    const controller = new AbortController();
    prepare();
    const outcome = call(controller.signal);
    await trial.clock.idle();
    controller.abort(new Error("stop"));
    return outcome;
  };

  it("does not go on waiting for a place, for a token, or for its next attempt", async () => {
    const full = new Trial([bulkhead({ concurrent: 1, waiting: 1 })]);
    const inLine = await cancelled(
      full,
      () => void full.stack.call(never),
      (signal) => full.stack.call(full.failing(0), signal),
    );
    expect(inLine).toMatchObject({
      by: "cancel",
      message: "the call was cancelled while it waited for a place in the bulkhead",
    });

    const slow = new Trial([rateLimit({ perSecond: 1 })]);
    const atRate = await cancelled(
      slow,
      () => void slow.stack.call(slow.failing(0)),
      (signal) => slow.stack.call(slow.failing(0), signal),
    );
    expect(atRate).toMatchObject({
      by: "cancel",
      message: "the call was cancelled while it waited for the rate limit",
    });

    const again = new Trial([retry()]);
    const between = await cancelled(
      again,
      () => undefined,
      (signal) => again.stack.call(again.failing(9), signal),
    );
    expect(between).toMatchObject({
      by: "cancel",
      message: "the call was cancelled before its next attempt; before that: the outside refused",
      cause: new Refused(),
      attempts: 1,
    });
    for (const trial of [full, slow, again]) expect(trial.clock.timers).toBe(0);
  });

  it("is told so while it is under way, and has failed when it heeds that", async () => {
    const trial = new Trial([retry(), circuitBreaker({ consecutive: 1 }), timeout(60_000)]);
    const outcome = await cancelled(
      trial,
      () => undefined,
      (signal) => trial.stack.call(trial.attempt(1_000), signal),
    );
    expect(outcome).toMatchObject({ by: "cancel", error: "unknown", cause: new Error("stop"), attempts: 1 });
    expect(trial.told).toEqual([]);
    expect(trial.clock.timers).toBe(0);
  });

  it("is not tried again when its time is up within the grace", async () => {
    const trial = new Trial([retry(), timeout(100)]);
    const outcome = cancelled(
      trial,
      () => undefined,
      (signal) => trial.stack.call(never, signal),
    );
    await trial.advance(100);
    expect(await outcome).toMatchObject({ by: "cancel", attempts: 1 });
    expect(trial.decisions).toEqual(["timeout timed-out"]);
  });

  it("counts if it succeeds within the grace, and is waited for no longer than that", async () => {
    const trial = new Trial([bulkhead({ concurrent: 1 })]);
    const deaf = (takesMs: number) => (): Promise<number> =>
      new Promise((resolve) => void trial.clock.schedule(takesMs, () => resolve(takesMs)));
    const inTime = cancelled(
      trial,
      () => undefined,
      (signal) => trial.stack.call(deaf(4_999), signal),
    );
    await trial.advance(4_999);
    expect(await inTime).toEqual({ kind: "succeeded", value: 4_999, attempts: 1 });
    expect(trial.clock.timers).toBe(0);
    const tooLate = cancelled(
      trial,
      () => undefined,
      (signal) => trial.stack.call(never, signal),
    );
    await trial.advance(5_000);
    expect(await tooLate).toMatchObject({ by: "cancel", attempts: 1 });
    expect(trial.clock.timers).toBe(0);
    expect(await trial.stack.call(trial.failing(0))).toMatchObject({ kind: "succeeded" });
  });
});

/** A signal, and how many listeners are left on it. */
class Listened {
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get aborted(): boolean {
    return this.#signal.aborted;
  }

  get reason(): unknown {
    return this.#signal.reason as unknown;
  }

  get left(): number {
    return this.#listeners.size;
  }

  addEventListener(type: "abort", listener: () => void): void {
    this.#listeners.add(listener);
    this.#signal.addEventListener(type, listener);
  }

  removeEventListener(type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
    this.#signal.removeEventListener(type, listener);
  }
}

describe("whatever the outside does, a stack", () => {
  const LIMIT = { perSecond: 20, burst: 3 };
  const specs: readonly PolicySpec[] = [
    retry({ attempts: 3, firstMs: 20, windowMs: 400 }),
    circuitBreaker({ window: 4, minimumCalls: 2, failureRate: 0.75, openMs: 150 }),
    bulkhead({ concurrent: 2, waiting: 3 }),
    rateLimit(LIMIT),
    timeout(80),
  ];
  const call = fc.record({
    afterMs: fc.nat(60),
    takesMs: fc.nat(120),
    deaf: fc.boolean(),
    errors: fc.array(fc.constantFrom("remote", "timeout", "validation", "permanent", undefined), { maxLength: 3 }),
    retryAfterMs: fc.option(fc.nat(500), { nil: undefined }),
    cancelAfterMs: fc.option(fc.nat(200), { nil: undefined }),
  });

  interface Course {
    readonly outcomes: readonly CallOutcome<number>[];
    readonly trial: Trial;
    readonly startedMs: readonly (readonly number[])[];
    readonly listeners: number;
  }

  const play = async (
    order: readonly PolicySpec[],
    script: readonly (typeof call extends fc.Arbitrary<infer C> ? C : never)[],
  ): Promise<Course> => {
    const trial = new Trial(order);
    const calls: Promise<CallOutcome<number>>[] = [];
    const startedMs: number[][] = [];
    const signals: Listened[] = [];
    for (const { afterMs, takesMs, deaf, errors, retryAfterMs, cancelAfterMs } of script) {
      await trial.advance(afterMs);
      const controller = new AbortController();
      const signal = new Listened(controller.signal);
      const started: number[] = [];
      const attempt = trial.attempt(takesMs, () => {
        const error = errors[started.length - 1];
        return error && new Refused({ error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
      });
      signals.push(signal);
      startedMs.push(started);
      calls.push(
        trial.stack.call(
          (attemptSignal) => {
            started.push(trial.clock.now());
            return attempt(deaf ? new AbortController().signal : attemptSignal);
            // The stack asks no more of a signal than this one has.
          },
          signal as unknown as AbortSignalLike,
        ),
      );
      if (cancelAfterMs !== undefined) trial.clock.schedule(cancelAfterMs, () => controller.abort());
    }
    const outcomes = await trial.settled(Promise.all(calls));
    return { outcomes, trial, startedMs, listeners: signals.reduce((sum, { left }) => sum + left, 0) };
  };
  const script = fc.array(call, { minLength: 1, maxLength: 20 });

  it("settles every call, within its attempts and its window, and leaves no timer and no listener", async () => {
    await fc.assert(
      fc.asyncProperty(script, async (calls) => {
        const { outcomes, trial, startedMs, listeners } = await play(specs, calls);
        expect(trial.clock.timers).toBe(0);
        expect(listeners).toBe(0);
        for (const [index, { attempts }] of outcomes.entries()) {
          const started = startedMs[index] ?? [];
          expect(started).toHaveLength(attempts);
          expect(attempts).toBeLessThanOrEqual(3);
          if (started.length > 0) expect(Math.max(...started) - Math.min(...started)).toBeLessThanOrEqual(400);
        }
        expect(trial.stack.status()).toMatchObject([
          { waiting: 0 },
          {},
          { underWay: 0, waiting: 0 },
          { waiting: 0 },
          {},
        ]);
      }),
    );
  });

  it("lets the outside see no more than burst + rate * t in any interval, and no more at once than the bulkhead holds", async () => {
    await fc.assert(
      fc.asyncProperty(script, async (calls) => {
        const { trial } = await play(
          specs,
          calls.map((each) => ({ ...each, deaf: false })),
        );
        expect(trial.mostUnderWay).toBeLessThanOrEqual(2);
        for (const [first, fromMs] of trial.startedMs.entries()) {
          for (const [more, untilMs] of trial.startedMs.slice(first).entries()) {
            expect(more + 1).toBeLessThanOrEqual(LIMIT.burst + (LIMIT.perSecond * (untilMs - fromMs)) / 1_000 + 1e-6);
          }
        }
      }),
    );
  });

  it("does the same in whatever order its policies were written", async () => {
    await fc.assert(
      fc.asyncProperty(
        script,
        fc.shuffledSubarray([...specs], { minLength: specs.length }),
        async (calls, shuffled) => {
          const [one, other] = [await play(specs, calls), await play(shuffled, calls)];
          expect(other.outcomes).toEqual(one.outcomes);
          expect(other.trial.told).toEqual(one.trial.told);
          expect(other.startedMs).toEqual(one.startedMs);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("makes no attempt while its breaker is open, and one probe while it is half-open", async () => {
    await fc.assert(
      fc.asyncProperty(script, async (calls) => {
        // Only what fails or succeeds ends a probe; after one that says nothing there may be another.
        const telling = calls.map((each) => ({
          ...each,
          cancelAfterMs: undefined,
          errors: each.errors.map((error) => (error === "validation" ? ("remote" as const) : error)),
        }));
        const { trial } = await play(specs, telling);
        let passing = Number.POSITIVE_INFINITY;
        for (const happened of trial.happened) {
          if (happened === "circuit-breaker opened") passing = 0;
          if (happened === "circuit-breaker half-opened") passing = 1;
          if (happened === "circuit-breaker closed") passing = Number.POSITIVE_INFINITY;
          if (happened === "attempt") expect(--passing).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it("tells nothing that could not be stored", async () => {
    await fc.assert(
      fc.asyncProperty(script, async (calls) => {
        const { trial } = await play(specs, calls);
        if (trial.told.length === 0) return;
        expect(encodeRecords(new MessagePackWriter(1_024), trial.told)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});
