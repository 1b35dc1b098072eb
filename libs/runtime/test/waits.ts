/** The sources that a stream comes of. */
export type Roots = ReadonlySet<number>;

/** Which sources are held back until others have something, or have ended: never in a circle, or the run would stand still. */
export class Waits {
  readonly #waits: (readonly [held: number, until: number])[] = [];
  #isOrdered = false;

  /** Whether inputs can be merged in order: each waits for all others. Two such merges may wait for one another. */
  canMerge(inputs: readonly Roots[]): boolean {
    const roots = inputs.flatMap((each) => [...each]);
    const areApart = new Set(roots).size === roots.length;
    if (this.#isOrdered || !areApart || roots.some((a) => roots.some((b) => a !== b && this.#reaches(a, b))))
      return false;
    this.#isOrdered = true;
    for (const held of roots) for (const until of roots) if (held !== until) this.#waits.push([held, until]);
    return true;
  }

  /** Whether a stream can be held back until references have ended. */
  canHold(stream: readonly Roots[], references: readonly Roots[]): boolean {
    const held = stream.flatMap((each) => [...each]);
    const until = references.flatMap((each) => [...each]);
    if (until.some((from) => held.some((to) => from === to || this.#reaches(from, to)))) return false;
    for (const one of held) for (const other of until) this.#waits.push([one, other]);
    return true;
  }

  #reaches(from: number, to: number): boolean {
    const seen = new Set([from]);
    for (const one of seen) for (const [held, until] of this.#waits) if (held === one) seen.add(until);
    return from !== to && seen.has(to);
  }
}
