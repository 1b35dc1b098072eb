import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** Four numbers of 32 bits. */
export type Seed = readonly [number, number, number, number];

/**
 * A small seeded generator of random numbers, so that handlers can be random and repeatable.
 * Not for secrets. The algorithm is sfc32 by Chris Doty-Humphrey (PractRand), what is mixed into its seed by MurmurHash3's finalizer.
 */
export class SeededRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** Begins the sequence that belongs to a seed of 128 bits, and to a lane and a seq. */
  seed([first, second, third, fourth]: Seed, lane: number, seq: number): void {
    this.#a = (first ^ mix(lane + 1)) >>> 0;
    this.#b = (second ^ mix(seq >>> 0)) >>> 0;
    this.#c = (third ^ mix(Math.floor(seq / 4_294_967_296) + 2)) >>> 0;
    this.#counter = fourth;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) >>> 0;
    return result;
  }

  /** From 0 (included) to 1 (excluded), with 53 random bits. */
  unit(): number {
    return ((this.uint32() >>> 5) * 67_108_864 + (this.uint32() >>> 6)) / 9_007_199_254_740_992;
  }
}

/** The first 128 bits of the SHA-256 of a text. */
export function seedOf(text: string): Seed {
  const view = new DataView(sha256(utf8ToBytes(text)).buffer);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
