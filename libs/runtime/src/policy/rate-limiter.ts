import type { Clock } from "@refold/core";

import type { AbortSignalLike } from "@refold/core";
import type { Admission } from "./admission.ts";
import type { TellDecision } from "./policy-decision.ts";
import type { RateLimitSpec } from "./policy-spec.ts";
import { WaitingLine } from "./waiting-line.ts";

/** How many callers wait for tokens at the most. */
export const MOST_WAITING_FOR_TOKENS = 10_000;

/** What sums of fractions may be off by; it never adds up, since what is taken too much is owed. */
const ROUNDING = 1e-9;

/** A token bucket with a line before it. */
export class RateLimiter {
  readonly #spec: RateLimitSpec;
  readonly #clock: Clock;
  readonly #tell: TellDecision;
  readonly #line = new WaitingLine();
  #tokens: number;
  #filledMs: number;
  /** Calls off the timer for the next token; there is one while somebody waits. */
  #disarm: (() => void) | undefined;

  constructor(spec: RateLimitSpec, clock: Clock, tell: TellDecision) {
    this.#spec = spec;
    this.#clock = clock;
    this.#tell = tell;
    this.#tokens = spec.burst;
    this.#filledMs = clock.now();
  }

  get perSecond(): number {
    return this.#spec.perSecond;
  }

  get burst(): number {
    return this.#spec.burst;
  }

  get tokens(): number {
    this.#fill(this.#clock.now());
    return Math.max(0, this.#tokens);
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Takes the tokens of one attempt, at once or in its turn. */
  take(signal: AbortSignalLike | undefined): Admission | Promise<Admission> {
    this.#fill(this.#clock.now());
    if (this.#line.length === 0 && this.#spend()) return "admitted";
    const waiting = this.#line.length;
    if (waiting >= MOST_WAITING_FOR_TOKENS) {
      this.#tell({ policy: "rate-limit", decision: "refused", detail: { waiting } });
      return "refused";
    }
    const delayMs = this.#untilTokens((waiting + 1) * this.#spec.cost);
    this.#tell({ policy: "rate-limit", decision: "delayed", detail: { delayMs } });
    return this.#inTurn(signal);
  }

  /** Puts back the tokens of an attempt that was not made after all. */
  giveBack(): void {
    this.#fill(this.#clock.now());
    this.#tokens = Math.min(this.#spec.burst, this.#tokens + this.#spec.cost);
    this.#serve();
  }

  async #inTurn(signal: AbortSignalLike | undefined): Promise<Admission> {
    const turn = this.#line.join(signal);
    this.#arm();
    if (await turn) return "admitted";
    this.#arm();
    return "cancelled";
  }

  #serve(): void {
    while (this.#line.length > 0 && this.#spend()) this.#line.next();
    this.#arm();
  }

  /** Sets the timer if somebody waits, and calls it off if nobody does. */
  #arm(): void {
    if (this.#line.length === 0) {
      this.#disarm?.();
      this.#disarm = undefined;
    } else if (this.#disarm === undefined) {
      const delayMs = this.#untilTokens(this.#spec.cost);
      const dueMs = this.#filledMs + delayMs;
      this.#disarm = this.#clock.schedule(delayMs, () => {
        this.#disarm = undefined;
        // A clock that was set back stands still for a while. That the timer fired is proof enough of the time it took.
        this.#fill(Math.max(this.#clock.now(), dueMs));
        this.#serve();
      });
    }
  }

  #untilTokens(tokens: number): number {
    return Math.max(0, Math.ceil(((tokens - this.#tokens) * 1_000) / this.#spec.perSecond));
  }

  #spend(): boolean {
    const { cost } = this.#spec;
    if (this.#tokens < cost - ROUNDING) return false;
    this.#tokens -= cost;
    return true;
  }

  #fill(nowMs: number): void {
    const passedMs = nowMs - this.#filledMs;
    if (passedMs <= 0) return;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#spec.burst, this.#tokens + (passedMs * this.#spec.perSecond) / 1_000);
  }
}
