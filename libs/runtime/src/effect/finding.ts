import type { EffectCall } from "@refold/core";

import type { AnyEffect } from "./effect-outcome.ts";

/** Asks a transactional effect what became of a call that may have taken effect, before it is made again. */
export class Finding {
  readonly #effect: AnyEffect;
  #mayHaveActed: boolean;
  #isKnown: boolean;

  constructor(effect: AnyEffect, isInDoubt: boolean) {
    this.#effect = effect;
    this.#mayHaveActed = isInDoubt;
    this.#isKnown = !isInDoubt;
  }

  /** Whether the call was under way once, and nobody could tell what became of it. */
  get isInDoubt(): boolean {
    return this.#effect.safety === "transactional" && !this.#isKnown;
  }

  /** What is there of an earlier attempt; `undefined` if there is nothing, or was none. */
  async find(attempt: EffectCall<unknown>): Promise<unknown> {
    const { find, safety } = this.#effect;
    if (find === undefined || safety !== "transactional" || !this.#mayHaveActed) {
      this.#mayHaveActed = true;
      return undefined;
    }
    this.#isKnown = false;
    const found: unknown = await find.call(this.#effect, attempt.key, attempt);
    this.#isKnown = true;
    return found;
  }
}
