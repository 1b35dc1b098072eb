import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { LaneId } from "@refold/core";

import { DivergenceGuard, type DivergenceLimits } from "./divergence-guard.ts";

const LIMITS: DivergenceLimits = { signalsPerRecord: 2, periodMs: 100, idleSignals: 10, depthHops: 30 };

const guarded = (inFlight = 0): { readonly guard: DivergenceGuard; readonly loop: { inFlight: number } } => {
  const loop = { inFlight };
  return { guard: new DivergenceGuard(LIMITS, 1 as LaneId, loop), loop };
};

describe("the guard of a cycle", () => {
  it("tells once in a period of more than what entered may bring", () => {
    const { guard } = guarded();
    expect(guard.count(20, 40, 0)).toBeUndefined();
    expect(guard.count(0, 1, 1)).toMatchObject({ verdict: "violated", advertised: 40, read: 41 });
    expect(guard.count(0, 1, 2)).toBeUndefined();
  });

  it("finds nothing where no record gives more than one back, whatever a period has of it, and whoever takes over when", () => {
    const hops = fc.array(fc.integer({ min: 0, max: LIMITS.depthHops + 1 }), { maxLength: 30 });
    const period = fc.record({ entering: hops, rounds: fc.nat(12) });
    fc.assert(
      fc.property(hops, fc.array(period, { maxLength: 12 }), (before, periods) => {
        const { guard, loop } = guarded(before.length);
        let within = before;
        for (const [index, { entering, rounds }] of periods.entries()) {
          for (let round = 0; round < rounds; round++) {
            within = within.filter((left) => left > 0);
            expect(guard.count(0, within.length, index * LIMITS.periodMs)).toBeUndefined();
            within = within.map((left) => left - 1);
            loop.inFlight = within.length;
          }
          // What enters late in a period goes round in those after it.
          expect(guard.count(entering.length, 0, index * LIMITS.periodMs)).toBeUndefined();
          within = [...within, ...entering];
          loop.inFlight = within.length;
        }
      }),
    );
  });

  for (const before of [0, 1000]) {
    it(`finds what doubles with each period, with ${before} in the cycle when it begins to look`, () => {
      const { guard, loop } = guarded(before);
      const told: number[] = [];
      guard.count(1, 0, 0);
      loop.inFlight = before + 1;
      for (let period = 1; period < 9; period++) {
        if (guard.count(0, loop.inFlight, period * LIMITS.periodMs) !== undefined) told.push(period);
        loop.inFlight *= 2;
      }
      expect(told).toEqual([6, 7, 8]);
    });
  }

  it("finds what goes round for ever, though it is never more than at the beginning", () => {
    const { guard } = guarded(100);
    const told = Array.from({ length: 40 }, (_, period) => guard.count(0, 100, period * LIMITS.periodMs));
    expect(told.findIndex((evidence) => evidence !== undefined)).toBe(LIMITS.depthHops + 1);
  });

  it("forgets what entered once nothing goes round any more", () => {
    const { guard, loop } = guarded();
    guard.count(1000, 0, 0);
    expect(guard.count(0, 10, 100)).toBeUndefined();
    loop.inFlight = 500;
    expect(guard.count(0, 11, 200)).toMatchObject({ advertised: 10, read: 11 });
  });
});
