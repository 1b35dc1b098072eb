/** A value that others can watch. Watchers are told in the order in which they came, when and only when it changes. */
export class Watched<T> {
  readonly #watchers: Set<(value: T) => void> = new Set();
  #value: T;

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
    for (const watcher of this.#watchers) {
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
}
