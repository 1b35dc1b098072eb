import type { Clock } from "@refold/core";

/** Lets one waiter sleep until something happened: input, credit, control, a timer. A signal that comes first is not lost. */
export class Wake {
  #signalled = false;
  #resolve: (() => void) | undefined;

  signal(): void {
    this.#signalled = true;
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.();
  }

  /** Resolves at the next signal, or at once if there was one since the last wait. */
  async wait(): Promise<void> {
    if (!this.#signalled) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#signalled = false;
  }

  /** As `wait`, but not longer than `delayMs` milliseconds, which may be infinite. Leaves no timer behind. */
  async waitAtMost(delayMs: number, clock: Clock): Promise<void> {
    if (delayMs === Number.POSITIVE_INFINITY) return this.wait();
    const disarm = clock.schedule(delayMs, () => this.signal());
    await this.wait();
    disarm();
  }
}
