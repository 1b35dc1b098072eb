import type { AbortSignalLike } from "@refold/core";

/** Callers that wait for their turn, first come first served. Who is cancelled leaves the line, and nothing is left of it. */
export class WaitingLine {
  readonly #turns = new Set<() => void>();

  get length(): number {
    return this.#turns.size;
  }

  /** Resolves with true when the caller's turn has come, with false when it was cancelled before. */
  join(signal: AbortSignalLike | undefined): Promise<boolean> {
    if (signal?.aborted === true) return Promise.resolve(false);
    return new Promise((resolve) => {
      const leave = (turnCame: boolean): void => {
        this.#turns.delete(turn);
        signal?.removeEventListener("abort", cancel);
        resolve(turnCame);
      };
      const turn = (): void => leave(true);
      const cancel = (): void => leave(false);
      this.#turns.add(turn);
      signal?.addEventListener("abort", cancel);
    });
  }

  /** Gives the first in the line its turn. False if nobody waits. */
  next(): boolean {
    for (const turn of this.#turns) {
      turn();
      return true;
    }
    return false;
  }
}
