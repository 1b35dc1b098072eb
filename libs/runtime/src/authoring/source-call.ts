import type { AbortSignalLike } from "@refold/core";

/** What the function of a source is called with. */
export interface SourceCall {
  /** Aborted when nothing more is wanted: the run drains or is cancelled, or the source is closed before its end. */
  readonly signal: AbortSignalLike;
}
