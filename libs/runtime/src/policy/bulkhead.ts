import type { Clock } from "@refold/core";

import type { AbortSignalLike } from "@refold/core";
import type { Admission } from "./admission.ts";
import type { TellDecision } from "./policy-decision.ts";
import type { BulkheadSpec } from "./policy-spec.ts";
import { WaitingLine } from "./waiting-line.ts";

/** So many places for attempts under way, and a line before them of limited length. */
export class Bulkhead {
  readonly #spec: BulkheadSpec;
  readonly #clock: Clock;
  readonly #tell: TellDecision;
  readonly #line = new WaitingLine();
  #underWay = 0;

  constructor(spec: BulkheadSpec, clock: Clock, tell: TellDecision) {
    this.#spec = spec;
    this.#clock = clock;
    this.#tell = tell;
  }

  get concurrent(): number {
    return this.#spec.concurrent;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Takes a place, at once or in turn. Who was admitted has to {@link leave}. */
  enter(signal: AbortSignalLike | undefined): Admission | Promise<Admission> {
    if (this.#underWay < this.#spec.concurrent) {
      this.#underWay++;
      return "admitted";
    }
    const underWay = this.#underWay;
    const waiting = this.#line.length;
    if (waiting < this.#spec.waiting) return this.#inTurn(signal);
    this.#tell({ policy: "bulkhead", decision: "refused", detail: { underWay, waiting } });
    return "refused";
  }

  /** Hands the place on to the next in the line, or frees it. */
  leave(): void {
    if (!this.#line.next()) this.#underWay--;
  }

  async #inTurn(signal: AbortSignalLike | undefined): Promise<Admission> {
    const sinceMs = this.#clock.now();
    if (!(await this.#line.join(signal))) return "cancelled";
    this.#tell({ policy: "bulkhead", decision: "waited", detail: { waitedMs: this.#clock.now() - sinceMs } });
    return "admitted";
  }
}
