/**
 * A small seeded generator of random numbers, so that handlers can be random and repeatable.
 * Not for secrets. The algorithm is sfc32 by Chris Doty-Humphrey (PractRand), its seed mixed by MurmurHash3's finalizer.
 */
export class SeededRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** Begins the sequence that belongs to these numbers. */
  seed(first: number, second: number, third: number): void {
    this.#a = mix(first);
    this.#b = mix(second ^ this.#a);
    this.#c = mix(third ^ this.#b);
    this.#counter = 1;
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

/** A 32-bit hash of a text: FNV-1a over its UTF-16 code units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
