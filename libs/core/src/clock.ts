/** Time and turns of the event loop, as the inner layers see them. */
export interface Clock {
  /** Milliseconds since 1970. It may jump; the runtime never lets recorded time run backwards within an epoch. */
  now(): number;
  /** Calls `run` once after `delayMs`, unless the returned function is called before. */
  schedule(delayMs: number, run: () => void): () => void;
  /** Resolves in a later turn of the event loop, so that I/O and timers get their share of a busy thread. */
  turn(): Promise<void>;
}
