import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ManualClock } from "@refold/testkit";

import type { PolicyDecision } from "./policy-decision.ts";
import { rateLimit, type RateLimitOptions } from "./policy-spec.ts";
import { MOST_WAITING_FOR_TOKENS, RateLimiter } from "./rate-limiter.ts";

class Trial {
  readonly clock: ManualClock;
  readonly told: PolicyDecision[] = [];
  readonly limiter: RateLimiter;
  /** When callers were admitted. */
  readonly passedMs: number[] = [];
  readonly cancelled: number[] = [];

  constructor(options: RateLimitOptions, clock: ManualClock = new ManualClock(1_000)) {
    this.clock = clock;
    this.limiter = new RateLimiter(rateLimit(options), this.clock, (decision) => this.told.push(decision));
  }

  async take(signal?: AbortSignal): Promise<void> {
    const admission = await this.limiter.take(signal);
    if (admission === "admitted") this.passedMs.push(this.clock.now());
    if (admission === "cancelled") this.cancelled.push(this.clock.now());
  }

  /** Lets time pass from timer to timer, so that who is admitted goes on at that very time. */
  async advance(ms: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    for (let next = this.clock.nextMs; next !== undefined && next <= endMs; next = this.clock.nextMs) {
      this.clock.advance(next - this.clock.now());
      await this.clock.idle();
    }
    this.clock.advance(endMs - this.clock.now());
    await this.clock.idle();
  }
}

describe("a rate limiter", () => {
  it("starts full, then lets one pass for each token that comes back, in the order of coming", async () => {
    const trial = new Trial({ perSecond: 2 });
    for (let i = 0; i < 5; i++) void trial.take();
    await trial.clock.idle();
    expect(trial.passedMs).toEqual([1_000, 1_000]);
    expect(trial.limiter.waiting).toBe(3);
    for (let i = 0; i < 3; i++) await trial.advance(500);
    expect(trial.passedMs).toEqual([1_000, 1_000, 1_500, 2_000, 2_500]);
    expect(trial.clock.timers).toBe(0);
  });

  it("has a burst of at least its rate, its cost and one unless one is given", () => {
    expect(rateLimit({ perSecond: 5 }).burst).toBe(5);
    expect(rateLimit({ perSecond: 0.5 }).burst).toBe(1);
    expect(rateLimit({ perSecond: 5, cost: 8 }).burst).toBe(8);
    expect(rateLimit({ perSecond: 5, burst: 2 }).burst).toBe(2);
  });

  it("tells how long a delay will be when it begins, and nothing of who passes", async () => {
    const trial = new Trial({ perSecond: 4, cost: 2, burst: 2 });
    for (let i = 0; i < 3; i++) void trial.take();
    await trial.clock.idle();
    expect(trial.told).toEqual([
      { policy: "rate-limit", decision: "delayed", detail: { delayMs: 500 } },
      { policy: "rate-limit", decision: "delayed", detail: { delayMs: 1_000 } },
    ]);
    await trial.advance(1_000);
    expect(trial.passedMs).toEqual([1_000, 1_500, 2_000]);
  });

  it("saves up no more than its burst, also of what is given back", async () => {
    const trial = new Trial({ perSecond: 10, burst: 3 });
    await trial.take();
    await trial.advance(3_600_000);
    expect(trial.limiter.tokens).toBe(3);
    trial.limiter.giveBack();
    expect(trial.limiter.tokens).toBe(3);
  });

  it("lets nobody overtake who came when a token was back, and before its timer had fired", async () => {
    const trial = new Trial({ perSecond: 1 });
    const order: string[] = [];
    trial.clock.schedule(1_000, () => void trial.take().then(() => order.push("last")));
    await trial.take();
    void trial.take().then(() => order.push("first"));
    await trial.advance(2_000);
    expect(order).toEqual(["first", "last"]);
  });

  it("takes a cancelled caller out of the line at once, charges it nothing, and keeps no timer for it", async () => {
    const trial = new Trial({ perSecond: 1 });
    const controller = new AbortController();
    void trial.take();
    void trial.take(controller.signal);
    void trial.take();
    await trial.clock.idle();
    controller.abort();
    await trial.clock.idle();
    expect(trial.cancelled).toEqual([1_000]);
    await trial.advance(1_000);
    expect(trial.passedMs).toEqual([1_000, 2_000]);
    const last = new AbortController();
    void trial.take(last.signal);
    await trial.clock.idle();
    expect(trial.clock.timers).toBe(1);
    last.abort();
    await trial.clock.idle();
    expect(trial.clock.timers).toBe(0);
  });

  it("passes tokens that are given back to who waits", async () => {
    const trial = new Trial({ perSecond: 1 });
    void trial.take();
    void trial.take();
    await trial.clock.idle();
    expect(trial.passedMs).toEqual([1_000]);
    trial.limiter.giveBack();
    await trial.clock.idle();
    expect(trial.passedMs).toEqual([1_000, 1_000]);
    expect(trial.clock.timers).toBe(0);
  });

  it("refuses who finds the line as long as it may be, and tells of it", async () => {
    const trial = new Trial({ perSecond: 1 });
    for (let i = 0; i < MOST_WAITING_FOR_TOKENS + 1; i++) void trial.take();
    await trial.clock.idle();
    expect(trial.limiter.take(undefined)).toBe("refused");
    expect(trial.told.at(-1)).toEqual({
      policy: "rate-limit",
      decision: "refused",
      detail: { waiting: MOST_WAITING_FOR_TOKENS },
    });
  });

  it("goes on at its rate where the time stands still because the clock was set back", async () => {
    class Standing extends ManualClock {
      override now(): number {
        return 1_000;
      }
    }
    const trial = new Trial({ perSecond: 1 }, new Standing(1_000));
    for (let i = 0; i < 4; i++) void trial.take();
    await trial.clock.idle();
    for (const passed of [2, 3, 4]) {
      trial.clock.advance(1_000);
      await trial.clock.idle();
      expect(trial.passedMs).toHaveLength(passed);
    }
  });

  it("lets no more than burst + rate * t through in any interval, and in the end everybody who was not cancelled", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          perSecond: fc.double({ min: 0.1, max: 200, noNaN: true }),
          burst: fc.double({ min: 1, max: 20, noNaN: true }),
          cost: fc.double({ min: 0.1, max: 1, noNaN: true }),
        }),
        fc.array(fc.record({ afterMs: fc.nat(400), callers: fc.nat(4), cancelled: fc.boolean() }), { maxLength: 25 }),
        async (options, arrivals) => {
          const trial = new Trial(options);
          let came = 0;
          for (const { afterMs, callers, cancelled } of arrivals) {
            await trial.advance(afterMs);
            for (let i = 0; i < callers; i++) void trial.take();
            came += callers;
            const controller = new AbortController();
            if (cancelled) {
              void trial.take(controller.signal);
              came++;
            }
            await trial.clock.idle();
            controller.abort();
            await trial.clock.idle();
          }
          for (let i = 0; i < 200 && trial.limiter.waiting > 0; i++) await trial.advance(20_000);
          expect(trial.passedMs.length + trial.cancelled.length).toBe(came);
          expect(trial.clock.timers).toBe(0);
          for (const [first, fromMs] of trial.passedMs.entries()) {
            for (let last = first; last < trial.passedMs.length; last++) {
              const seconds = ((trial.passedMs[last] as number) - fromMs) / 1_000;
              const tokens = (last - first + 1) * options.cost;
              expect(tokens).toBeLessThanOrEqual(options.burst + options.perSecond * seconds + 1e-6);
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
