import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { CallFailure } from "./call-outcome.ts";
import { retry } from "./policy-spec.ts";
import { planRetry } from "./retry-plan.ts";

const MIDDLE = 0.5;

const failure = (some: Partial<CallFailure> = {}): CallFailure => ({
  kind: "failed",
  by: "call",
  error: "remote",
  message: "gone",
  cause: undefined,
  attempts: 1,
  ...some,
});

describe("a retry", () => {
  it("waits twice as long each time, from 250 ms to 4 s, and up to a tenth more or less", () => {
    const spec = retry({ attempts: 10 });
    const delays = (random: number): readonly unknown[] =>
      [1, 2, 3, 4, 5, 6, 7].map((attempts) => {
        const plan = planRetry(spec, failure({ attempts }), 0, random);
        return plan.kind === "again" ? plan.delayMs : plan;
      });
    expect(delays(MIDDLE)).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
    expect(delays(0)).toEqual([225, 450, 900, 1_800, 3_600, 3_600, 3_600]);
    expect(delays(1)).toEqual([275, 550, 1_100, 2_200, 4_400, 4_400, 4_400]);
  });

  it("waits the same each time where the delay is fixed", () => {
    const spec = retry({ delayMs: 700 });
    expect(planRetry(spec, failure({ attempts: 1 }), 0, 0)).toEqual({ kind: "again", delayMs: 700 });
    expect(planRetry(spec, failure({ attempts: 2 }), 0, 1)).toEqual({ kind: "again", delayMs: 700 });
  });

  it("makes three attempts unless it is told otherwise", () => {
    expect(planRetry(retry(), failure({ attempts: 2 }), 0, MIDDLE)).toMatchObject({ kind: "again" });
    expect(planRetry(retry(), failure({ attempts: 3 }), 0, MIDDLE)).toEqual({ kind: "exhausted", limit: "attempts" });
  });

  it("waits at least for what the failure asks, and not at all where that leads out of the window", () => {
    const at = (retryAfterMs: number): unknown => planRetry(retry(), failure({ retryAfterMs }), 0, MIDDLE);
    expect(at(30_000)).toEqual({ kind: "again", delayMs: 30_000 });
    expect(at(120_000)).toEqual({ kind: "again", delayMs: 120_000 });
    expect(at(120_001)).toEqual({ kind: "exhausted", limit: "window" });
    expect(at(Number.POSITIVE_INFINITY)).toEqual({ kind: "exhausted", limit: "window" });
    for (const odd of [0, -5, Number.NaN]) expect(at(odd)).toEqual({ kind: "again", delayMs: 250 });
  });

  it("tries again only what may go better, and what was tried at all", () => {
    const plans = (some: Partial<CallFailure>): boolean =>
      planRetry(retry(), failure(some), 0, MIDDLE).kind === "again";
    for (const error of ["timeout", "remote", "rate-limited", "unknown"] as const) expect(plans({ error })).toBe(true);
    for (const error of ["permanent", "deserialization", "validation", "domain"] as const) {
      expect(plans({ error })).toBe(false);
    }
    expect(plans({ by: "timeout", error: "timeout" })).toBe(true);
    for (const by of ["circuit-breaker", "bulkhead", "rate-limit", "cancel"] as const)
      expect(plans({ by })).toBe(false);
  });

  it("never plans more attempts than allowed, nor one that begins after its window", () => {
    fc.assert(
      fc.property(
        fc.record({
          attempts: fc.integer({ min: 1, max: 8 }),
          windowMs: fc.integer({ min: 1, max: 10_000 }),
          firstMs: fc.nat(1_000),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        fc.array(
          fc.record({
            tookMs: fc.nat(3_000),
            retryAfterMs: fc.nat(5_000),
            random: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
          { minLength: 10, maxLength: 10 },
        ),
        (options, course) => {
          let elapsedMs = 0;
          let attempts = 1;
          for (const { tookMs, retryAfterMs, random } of course) {
            elapsedMs += tookMs;
            const plan = planRetry(retry(options), failure({ attempts, retryAfterMs }), elapsedMs, random);
            if (plan.kind !== "again") return;
            expect(plan.delayMs).toBeGreaterThanOrEqual(retryAfterMs);
            elapsedMs += plan.delayMs;
            attempts++;
            expect(attempts).toBeLessThanOrEqual(options.attempts);
            expect(elapsedMs).toBeLessThanOrEqual(options.windowMs);
          }
          expect.unreachable("ten failures in a row must exhaust eight attempts");
        },
      ),
    );
  });
});
