import { watch, type FSWatcher } from "node:fs";

/** Tells that something may have changed since `next` was last called. */
export interface Changes {
  next(): Promise<void>;
  /** Ends a wait that is under way; the next ones end at once. */
  close(): void;
}

/** A {@link Changes} that is told by `signal`. Signals that come together, or while nobody waits, count as one. */
export class Signal implements Changes {
  #raised = false;
  #closed = false;
  #wake: (() => void) | undefined;

  signal(): void {
    this.#raised = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  async next(): Promise<void> {
    if (!this.#raised && !this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#raised = false;
  }

  close(): void {
    this.#closed = true;
    this.signal();
  }
}

/** File systems on a network, and some containers, report no changes that others make. So the watcher looks by itself, too. */
const LOOK_EVERY_MS = 1000;

/** Changes of the files in a directory, by any process. */
export function watchDirectory(directory: string): Changes {
  const signal = new Signal();
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(directory, () => signal.signal());
    watcher.on("error", () => signal.signal());
  } catch {
    // Too many watchers, or none on this file system: looking by itself remains.
  }
  const timer = setInterval(() => signal.signal(), LOOK_EVERY_MS);
  return {
    next: () => signal.next(),
    close() {
      clearInterval(timer);
      watcher?.close();
      signal.close();
    },
  };
}
