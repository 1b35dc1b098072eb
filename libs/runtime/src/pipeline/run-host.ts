import type { AbortControllerLike, Clock, Logger } from "@refold/core";

/** What a run needs of the world it runs in. */
export interface RunHost {
  readonly clock: Clock;
  /** Makes what calls to the outside are told to stop by: `() => new AbortController()`. */
  readonly abortController: () => AbortControllerLike;
  /** The runtime with its version, such as `node 20.20.2`. */
  readonly runtime: string;
  /** The version of Refold. */
  readonly refold: string;
  /** Hears of what is not worth a record. */
  readonly logger?: Logger;
}
