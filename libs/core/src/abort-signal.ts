/** As much of the platform's `AbortSignal` as is asked for here: code that knows no platform can listen to it. */
interface MinimalAbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * By what a call to the outside is told that nobody waits for it any longer. It is the platform's own `AbortSignal` wherever
 * that has a type, so that it can be handed to `fetch` as it is.
 */
export type AbortSignalLike = typeof globalThis extends { AbortSignal: { prototype: infer S } }
  ? S
  : MinimalAbortSignal;

/** The platform's `AbortController`: aborts its signal, once. Without a reason, that is the platform's `AbortError`. */
export interface AbortControllerLike {
  readonly signal: AbortSignalLike;
  abort(reason?: unknown): void;
}
