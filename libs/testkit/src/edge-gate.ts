import type { CreditGate } from "@refold/runtime";

/**
 * Stands before one edge of a run and lets pass what a test grants, and no more: the writer of the edge waits, as it does for
 * a slow reader. Give it to a run as one of its `gates`; a gate serves one run.
 */
export class EdgeGate implements CreditGate {
  readonly from: string;
  readonly to: string;
  #credit: number;
  #wake: () => void = () => undefined;

  /** Lets nothing pass at first, unless `credit` says how many records may. */
  constructor({ from, to, credit = 0 }: { readonly from: string; readonly to: string; readonly credit?: number }) {
    this.from = from;
    this.to = to;
    this.#credit = credit;
  }

  /** How many records may pass before the gate has to be asked again. */
  get credit(): number {
    return this.#credit;
  }

  /** Lets so many more records pass. */
  grant(records: number): void {
    this.#credit += records;
    this.#wake();
  }

  /** Lets everything pass. */
  open(): void {
    this.grant(Number.POSITIVE_INFINITY);
  }

  /** Lets nothing pass any more. */
  shut(): void {
    this.#credit = 0;
  }

  /** For the run to call. */
  passed(records: number): void {
    this.#credit -= records;
  }

  /** For the run to call. */
  attach(wake: () => void): void {
    this.#wake = wake;
  }
}
