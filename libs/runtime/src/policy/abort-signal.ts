/** What the policies need of an `AbortSignal`: every runtime's fits, and no runtime's types are needed to say so. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * The signal that an attempt is given: the runtime's own `AbortSignal` where its types are known, so that it can be handed to
 * `fetch`, and otherwise what is known of it here.
 */
export type CallSignal = typeof globalThis extends {
  readonly AbortSignal: { readonly prototype: infer Signal extends AbortSignalLike };
}
  ? Signal
  : AbortSignalLike;

/** What the policies need of an `AbortController`. It comes in as a port: `() => new AbortController()`. */
export interface AbortControllerLike {
  readonly signal: CallSignal;
  abort(reason?: unknown): void;
}
