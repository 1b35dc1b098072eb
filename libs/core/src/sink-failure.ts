import type { ErrorKind } from "./record.ts";

/** How far a failed write reaches. */
export type SinkFailureReason =
  /**
   * One item failed. Those before it are as if the batch had ended there; those after it were not written, and come again in
   * a batch of their own. `index` may be left out where there is but one item: in a function, or a batch of one.
   */
  | { readonly kind: "item"; readonly index?: number; readonly error: ErrorKind; readonly message: string }
  /** Nothing of the batch was written. It comes again once, item by item, so that only those fail that fail alone. */
  | { readonly kind: "batch"; readonly error: ErrorKind; readonly message: string }
  /** The writer can do no more: the stage fails, as with any other error. */
  | { readonly kind: "writer"; readonly message: string };

/** Thrown by `write` of a sink, or by a function that is one, to say how far its failure reaches. */
export class SinkFailure extends Error {
  override readonly name: string = "SinkFailure";
  readonly mark = "refold.sink-failure" as const;
  readonly reason: SinkFailureReason;

  /** Also one that was made by another copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (value as { readonly mark?: unknown } | null | undefined)?.mark === "refold.sink-failure";
  }

  constructor(reason: SinkFailureReason, options?: { readonly cause?: unknown }) {
    super(reason.message, options);
    this.reason = reason;
  }
}
