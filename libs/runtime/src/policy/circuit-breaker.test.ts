import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ManualClock } from "@refold/testkit";

import { CircuitBreaker, type BreakerPermit } from "./circuit-breaker.ts";
import type { PolicyDecision } from "./policy-decision.ts";
import { circuitBreaker, type CircuitBreakerOptions } from "./policy-spec.ts";

class Trial {
  readonly clock = new ManualClock();
  readonly told: PolicyDecision[] = [];
  readonly breaker: CircuitBreaker;

  constructor(options: CircuitBreakerOptions) {
    this.breaker = new CircuitBreaker(circuitBreaker(options), this.clock, (decision) => this.told.push(decision));
  }

  get state(): string {
    return this.breaker.state.kind;
  }

  admit(): BreakerPermit {
    const permit = this.breaker.admit();
    if (permit === undefined) throw new Error(`refused: the breaker is ${this.state}`);
    return permit;
  }

  /** Makes calls one after the other: `.` succeeds, `x` fails, `s` is slow and succeeds, `-` says nothing. */
  calls(course: string): void {
    for (const call of course) {
      const permit = this.admit();
      if (call === "-") permit.release();
      else permit.settle({ failed: call === "x", durationMs: call === "s" ? 2_000 : 1 });
    }
  }
}

describe("a circuit breaker", () => {
  it("opens with the n-th failure in a row, and a success in between begins the count anew", () => {
    const trial = new Trial({ consecutive: 3 });
    trial.calls("xx.xx");
    expect(trial.state).toBe("closed");
    trial.calls("x");
    expect(trial.state).toBe("open");
    expect(trial.told).toEqual([
      {
        policy: "circuit-breaker",
        decision: "opened",
        detail: { why: "consecutive-failures", calls: 3, failures: 3, slow: 0, openMs: 60_000 },
      },
    ]);
  });

  it("neither counts nor forgets for a call that says nothing", () => {
    const trial = new Trial({ consecutive: 3 });
    trial.calls("xx-x");
    expect(trial.state).toBe("open");
  });

  it("opens when the share of failures among the last calls is reached, not before there are enough calls", () => {
    const trial = new Trial({ window: 4, minimumCalls: 3, failureRate: 0.5 });
    trial.calls("xx");
    expect(trial.state).toBe("closed");
    trial.calls(".");
    expect(trial.told.at(-1)?.detail).toMatchObject({ why: "failure-rate", calls: 3, failures: 2 });
  });

  it("forgets calls that have left its window", () => {
    const trial = new Trial({ window: 4, failureRate: 0.5 });
    trial.calls("x...x...x...x");
    expect(trial.state).toBe("closed");
    trial.calls("x");
    expect(trial.state).toBe("open");
  });

  it("opens when the share of slow calls is reached", () => {
    const trial = new Trial({ window: 4, minimumCalls: 4, slowRate: 0.5, slowMs: 2_000 });
    trial.calls("xs.s");
    expect(trial.told.at(-1)?.detail).toMatchObject({ why: "slow-rate", calls: 4, failures: 1, slow: 2 });
  });

  it("lets nothing pass for as long as it is open, and one probe after that", () => {
    const trial = new Trial({ consecutive: 1 });
    trial.calls("x");
    trial.clock.advance(59_999);
    expect(trial.breaker.admit()).toBeUndefined();
    expect(trial.breaker.refusesForMs).toBe(1);
    trial.clock.advance(1);
    trial.admit();
    expect(trial.state).toBe("half-open");
    expect(trial.breaker.admit()).toBeUndefined();
  });

  it("closes with a probe that succeeds, and has forgotten its window", () => {
    const trial = new Trial({ window: 4, minimumCalls: 2, failureRate: 0.5, openMs: 100 });
    trial.calls("xx");
    trial.clock.advance(100);
    trial.calls(".");
    expect(trial.told.map(({ decision }) => decision)).toEqual(["opened", "half-opened", "closed"]);
    expect(trial.breaker.tally.calls).toBe(0);
    trial.calls("x");
    expect(trial.state).toBe("closed");
  });

  it("opens again with a probe that fails or is slow", () => {
    for (const [probe, why] of [
      ["x", "probe-failed"],
      ["s", "probe-slow"],
    ] as const) {
      const trial = new Trial({ window: 2, failureRate: 0.5, slowRate: 1, slowMs: 2_000, openMs: 100 });
      trial.calls("xx");
      trial.clock.advance(100);
      trial.calls(probe);
      expect(trial.told.at(-1)?.detail).toMatchObject({ why, calls: 1 });
      trial.clock.advance(99);
      expect(trial.breaker.admit()).toBeUndefined();
    }
  });

  it("stays half-open after a probe that says nothing, and lets another one pass", () => {
    const trial = new Trial({ consecutive: 1, openMs: 100 });
    trial.calls("x");
    trial.clock.advance(100);
    trial.calls("--.");
    expect(trial.state).toBe("closed");
  });

  it("closes only when all of several probes have succeeded", () => {
    const trial = new Trial({ consecutive: 1, openMs: 100, probes: 2 });
    trial.calls("x");
    trial.clock.advance(100);
    const probes = [trial.admit(), trial.admit()];
    expect(trial.breaker.admit()).toBeUndefined();
    probes[0]?.settle({ failed: false, durationMs: 1 });
    // A permit ends once.
    probes[0]?.release();
    probes[0]?.settle({ failed: true, durationMs: 1 });
    expect(trial.state).toBe("half-open");
    expect(trial.breaker.admit()).toBeUndefined();
    probes[1]?.settle({ failed: false, durationMs: 1 });
    expect(trial.state).toBe("closed");
  });

  it("learns nothing from a call that began before it opened", () => {
    const trial = new Trial({ consecutive: 1, openMs: 100 });
    const early = [trial.admit(), trial.admit()];
    trial.calls("x");
    early[0]?.settle({ failed: false, durationMs: 1 });
    expect(trial.state).toBe("open");
    trial.clock.advance(100);
    trial.admit();
    early[1]?.settle({ failed: true, durationMs: 1 });
    expect(trial.state).toBe("half-open");
    expect(early[1]?.holds).toBe(false);
  });

  it("lets no more than its probes pass between an opening and the closing, whatever happens", () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant("call" as const) }),
      fc.record({ kind: fc.constant("end" as const), of: fc.nat(), how: fc.constantFrom("ok", "failed", "nothing") }),
      fc.record({ kind: fc.constant("time" as const), ms: fc.nat(150) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(event, { maxLength: 80 }), (probes, events) => {
        const trial = new Trial({ consecutive: 2, openMs: 100, probes });
        const underWay: { readonly permit: BreakerPermit; readonly probe: boolean }[] = [];
        for (const happened of events) {
          if (happened.kind === "time") trial.clock.advance(happened.ms);
          if (happened.kind === "call") {
            const before = trial.breaker.state;
            const permit = trial.breaker.admit();
            const probe = trial.state !== "closed";
            if (before.kind === "open" && trial.clock.now() < before.untilMs) expect(permit).toBeUndefined();
            if (permit !== undefined) underWay.push({ permit, probe });
          }
          if (happened.kind === "end" && underWay.length > 0) {
            const [call] = underWay.splice(happened.of % underWay.length, 1);
            if (happened.how === "nothing") call?.permit.release();
            else call?.permit.settle({ failed: happened.how === "failed", durationMs: 1 });
          }
          expect(underWay.filter(({ permit, probe }) => probe && permit.holds).length).toBeLessThanOrEqual(probes);
        }
      }),
    );
  });
});
