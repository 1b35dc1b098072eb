import type { LaneId, LaneSeq } from "@refold/core";

import type { ProgramContext } from "./stage-program.ts";
import { seedOf, SeededRandom, type Seed } from "./seeded-random.ts";

/** The context of one stage. It is moved from input to input, and seeds its generator only if a handler asks for it. */
export class InputContext implements ProgramContext {
  readonly stage: string;
  now = 0;
  lane: LaneId = 0 as LaneId;
  seq: LaneSeq = 0 as LaneSeq;
  readonly #rootRunId: string;
  #stageSeed: Seed | undefined;
  readonly #random: SeededRandom = new SeededRandom();
  #seeded = false;

  constructor(rootRunId: string, stage: string) {
    this.stage = stage;
    this.#rootRunId = rootRunId;
  }

  moveTo(lane: LaneId, seq: LaneSeq, timeMs: number): void {
    this.now = timeMs;
    this.lane = lane;
    this.seq = seq;
    this.#seeded = false;
  }

  random(): number {
    return this.#generator().unit();
  }

  /** In the form of a uuid of version 8: 122 bits of the implementation's own choice (RFC 9562). */
  id(): string {
    const generator = this.#generator();
    const hex = [0, 1, 2, 3].map(() => generator.uint32().toString(16).padStart(8, "0")).join("");
    const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  #generator(): SeededRandom {
    if (!this.#seeded) {
      this.#stageSeed ??= seedOf(`${this.#rootRunId}/${this.stage}`);
      this.#random.seed(this.#stageSeed, this.lane, this.seq);
      this.#seeded = true;
    }
    return this.#random;
  }
}
