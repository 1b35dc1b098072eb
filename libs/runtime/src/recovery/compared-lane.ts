import { differences, type Difference } from "../replay/differences.ts";

/** How far the outputs of one stage may run ahead of the other run's before they are no longer compared. */
export const MAX_WAITING = 1_000_000;

/** How the outputs of one stage in a second run compare with those in a first one. */
export interface StageComparison {
  readonly stage: string;
  /** `more` and `fewer`: the second run has more, or fewer, and they are the same as far as both go. */
  readonly verdict: "same" | "changed" | "more" | "fewer" | "not-compared";
  /** How many outputs each run has of the stage: of a sink, how many deliveries. */
  readonly counts: readonly [first: number, second: number];
  readonly difference: OutputDifference | undefined;
  /**
   * At how many places of their order the outputs are not the same, those included that one run alone has; `undefined` where not
   * all were compared. Of a sink, by how many the deliveries differ.
   */
  readonly differing: number | undefined;
}

/** An output of a run: what is compared, and where it stands. */
export interface ComparedOutput {
  readonly place: string;
  readonly value: unknown;
}

/** The first output of a stage that two runs do not share. A run that has none there has come to its end. */
export interface OutputDifference {
  readonly first: ComparedOutput | undefined;
  readonly second: ComparedOutput | undefined;
  readonly differences: readonly Difference[];
}

/** The outputs of one stage in two runs, paired in the order in which the stage gave them. */
export class ComparedLane {
  readonly stage: string;
  readonly #counts: [number, number] = [0, 0];
  /** What one run has, and the other has not come to yet. At most one of them holds anything. */
  readonly #waiting: readonly [ComparedOutput[], ComparedOutput[]] = [[], []];
  #taken = 0;
  #difference: OutputDifference | undefined;
  #differing = 0;
  #tooFarApart = false;

  constructor(stage: string) {
    this.stage = stage;
  }

  /** Deliveries have nothing to compare but their number: what was delivered are the outputs of another stage. */
  deliver(side: 0 | 1, count: number): void {
    this.#counts[side] += count;
  }

  offer(side: 0 | 1, output: ComparedOutput): void {
    this.#counts[side]++;
    if (this.#tooFarApart) return;
    const others = this.#waiting[side === 0 ? 1 : 0];
    const other = others[this.#taken];
    if (other === undefined) {
      this.#forget(others);
      this.#tooFarApart = this.#waiting[side].push(output) > MAX_WAITING;
      return;
    }
    this.#taken++;
    const [first, second] = side === 0 ? [output, other] : [other, output];
    const found = differences(first.value, second.value);
    if (found.length > 0) {
      this.#differing++;
      this.#difference ??= { first, second, differences: found };
    }
    if (this.#taken === others.length) this.#forget(others);
  }

  get comparison(): StageComparison {
    const { stage } = this;
    const counts = [...this.#counts] as const;
    const of = (verdict: StageComparison["verdict"], difference?: OutputDifference): StageComparison => ({
      stage,
      verdict,
      counts,
      difference,
      differing: this.#tooFarApart ? undefined : this.#differing + Math.abs(counts[0] - counts[1]),
    });
    if (this.#difference !== undefined) return of("changed", this.#difference);
    if (this.#tooFarApart) return of("not-compared");
    if (counts[0] === counts[1]) return of("same");
    const [first, second] = [this.#waiting[0][this.#taken], this.#waiting[1][this.#taken]];
    const isThere = first !== undefined || second !== undefined;
    return of(counts[1] > counts[0] ? "more" : "fewer", isThere ? { first, second, differences: [] } : undefined);
  }

  #forget(waiting: ComparedOutput[]): void {
    waiting.length = 0;
    this.#taken = 0;
  }
}
