/** Why a value cannot be stored. */
export type UnstorableReason =
  | "function"
  | "symbol"
  | "class-instance"
  | "cycle"
  | "too-deep"
  | "too-large"
  | "invalid-date"
  | "sparse-array"
  | "lone-surrogate-in-key"
  | "promise"
  | "not-allowed"
  | "unreadable";

/** Thrown within the codec, and caught at its entry, when a value cannot be stored. */
export class Unstorable {
  readonly reason: UnstorableReason;
  readonly detail: string;
  readonly path: string;

  constructor(reason: UnstorableReason, detail: string, path: string) {
    this.reason = reason;
    this.detail = detail;
    this.path = path;
  }
}
