const MAX_UNREAD = 1024;

/** A value that others can watch. Watchers are told in the order in which they came, when and only when it changes. */
export class Watched<T> {
  readonly #watchers: Set<(value: T) => void> = new Set();
  readonly #endings: Set<() => void> = new Set();
  #value: T;
  #ended = false;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  /** Throws what the first watcher threw that did, once all have been told. */
  publish(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    const thrown: unknown[] = [];
    for (const watcher of [...this.#watchers]) {
      try {
        watcher(value);
      } catch (cause) {
        thrown.push(cause);
      }
    }
    if (thrown.length > 0) throw thrown[0];
  }

  /** Calls `watcher` at every change until the returned function is called. */
  watch(watcher: (value: T) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Nothing more will be published: whoever iterates over changes comes to an end. */
  end(): void {
    this.#ended = true;
    for (const ending of [...this.#endings]) ending();
  }

  /**
   * The present value, then every change. Of a reader that is more than 1,024 changes behind, the oldest unread ones are
   * dropped.
   */
  changes(): AsyncIterableIterator<T> {
    const unread: T[] = [this.#value];
    let waiting: (() => void)[] = [];
    let done = false;
    const rouse = (): void => {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    };
    const unwatch = this.watch((value) => {
      if (unread.push(value) > MAX_UNREAD) unread.shift();
      rouse();
    });
    this.#endings.add(rouse);
    const finish = (): void => {
      done = true;
      unwatch();
      this.#endings.delete(rouse);
      rouse();
    };
    return {
      next: async () => {
        while (unread.length === 0 && !done && !this.#ended) {
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
        if (done || unread.length === 0) {
          finish();
          return { done: true, value: undefined };
        }
        return { done: false, value: unread.shift() as T };
      },
      return: () => {
        finish();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
