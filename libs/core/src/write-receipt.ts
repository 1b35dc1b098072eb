import type { ErrorKind } from "./record.ts";

/** What a writer says of a batch that it was given. */
export type WriteReceipt =
  /** All of it is safe outside. */
  | { readonly outcome: "success" }
  /** The items that are not among the failed ones are safe outside. */
  | { readonly outcome: "partial"; readonly failed: readonly FailedItem[] }
  /** Nothing of it is outside, and it is not to be tried again. */
  | { readonly outcome: "failed"; readonly kind: ErrorKind; readonly message: string }
  /** It will be safe outside when the handle that `buffer` of the batch gave is committed. */
  | { readonly outcome: "buffered" };

/** An item that a sink does not take. It goes on record as `failed`, and is not delivered again. */
export interface FailedItem {
  /** Its index within the batch. */
  readonly index: number;
  readonly kind: ErrorKind;
  /** Up to 8,192 characters of it go on record. */
  readonly message: string;
}
