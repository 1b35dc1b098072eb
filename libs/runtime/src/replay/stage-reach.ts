import type { FoundDivergence } from "./divergence.ts";

/** How many records would have been otherwise: with another content, not there, or besides those on record. */
export interface RecordChanges {
  readonly changed: number;
  readonly missing: number;
  readonly extra: number;
}

/** How far divergences reach into a stage: what it would have given, had it been given what is computed before it now. */
export interface StageReach {
  readonly stage: string;
  readonly kind: string;
  /**
   * `unchanged`: it takes and gives what is on record. `fails`: its handler throws at what it is given. `not-followed`: what it
   * would have given is not known. `why` tells of the last two.
   */
  readonly verdict: "unchanged" | "changed" | "fails" | "not-followed";
  readonly inputs: RecordChanges;
  /** Of a stage that fails, or is not followed: up to there. */
  readonly outputs: RecordChanges;
  /** The first output that is otherwise. */
  readonly first: FoundDivergence | undefined;
  readonly why: string | undefined;
}

export const NO_CHANGES: RecordChanges = { changed: 0, missing: 0, extra: 0 };

export function addChanges(a: RecordChanges, b: RecordChanges): RecordChanges {
  return { changed: a.changed + b.changed, missing: a.missing + b.missing, extra: a.extra + b.extra };
}

export function hasChanges({ changed, missing, extra }: RecordChanges): boolean {
  return changed + missing + extra > 0;
}
