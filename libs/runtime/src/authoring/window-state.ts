import { mergeLineage, type Lineage } from "../step/lineage.ts";
import { StateLimitReached } from "./state-limit.ts";
import { Agenda, type Scheduled } from "./window-agenda.ts";

/** A window that is kept. */
export interface OpenWindow<Key, Value> extends Scheduled {
  key: Key;
  start: number;
  end: number;
  value: Value;
  readonly lineage: Lineage;
  /** How often it was emitted, and what was merged into it. */
  emitted: number;
  /** Whether it holds something that was not emitted. */
  changed: boolean;
}

/** What is kept of {@link OpenWindows}. */
export interface OpenWindowsState<Key, Value> {
  /** Those of each key, in the order of their starts and of their ends. */
  readonly byKey: Map<Key, OpenWindow<Key, Value>[]>;
  /** How many there were before. */
  ordinal: number;
}

/** Places on the agenda that may stand for nothing before it is made anew, besides one for each window. */
const IDLE_ENTRIES = 1_024;

/** The windows that are kept, by key, and when each of them is due. */
export class OpenWindows<Key, Value> {
  readonly #limit: number;
  #state: OpenWindowsState<Key, Value> = { byKey: new Map(), ordinal: 0 };
  #count = 0;
  readonly #agenda: Agenda<OpenWindow<Key, Value>> = new Agenda();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Those of a key, by start; to be read only. */
  of(key: Key): readonly OpenWindow<Key, Value>[] {
    return this.#state.byKey.get(key) ?? [];
  }

  /** Opens a window as the one of this index among those of its key. Throws {@link StateLimitReached}. */
  open(
    key: Key,
    index: number,
    bounds: { readonly start: number; readonly end: number },
    value: Value,
  ): OpenWindow<Key, Value> {
    if (this.#count >= this.#limit) throw new StateLimitReached("windows", this.#limit);
    const { byKey } = this.#state;
    const { start, end } = bounds;
    const ordinal = this.#state.ordinal++;
    const window = { key, start, end, value, lineage: [], emitted: 0, changed: false, ordinal, dueMs: undefined };
    const windows = byKey.get(key);
    if (windows === undefined) byKey.set(key, [window]);
    else windows.splice(index, 0, window);
    this.#count++;
    return window;
  }

  /** Has the window after the one of this index taken into it. */
  absorb(key: Key, index: number, merge: (earlier: Value, later: Value) => Value): void {
    const windows = this.#state.byKey.get(key) ?? [];
    const [into, from] = windows.slice(index, index + 2) as [OpenWindow<Key, Value>, OpenWindow<Key, Value>];
    into.value = merge(into.value, from.value);
    into.end = from.end;
    into.emitted += from.emitted;
    into.ordinal = Math.min(into.ordinal, from.ordinal);
    mergeLineage(into.lineage, from.lineage);
    windows.splice(index + 1, 1);
    this.#count--;
    from.dueMs = undefined;
  }

  close(window: OpenWindow<Key, Value>): void {
    const { byKey } = this.#state;
    const windows = byKey.get(window.key) ?? [];
    if (windows.length === 1) byKey.delete(window.key);
    else windows.splice(windows.indexOf(window), 1);
    this.#count--;
    window.dueMs = undefined;
  }

  schedule(window: OpenWindow<Key, Value>, dueMs: number): void {
    this.#agenda.schedule(window, dueMs);
    if (this.#agenda.entries > 2 * this.#count + IDLE_ENTRIES) this.#agenda.reset(this.#all());
  }

  isDue(untilMs: number): boolean {
    return this.#agenda.isDue(untilMs);
  }

  takeDue(untilMs: number): OpenWindow<Key, Value> | undefined {
    return this.#agenda.take(untilMs);
  }

  snapshot(): OpenWindowsState<Key, Value> {
    return this.#state;
  }

  restore(state: OpenWindowsState<Key, Value>): void {
    this.#state = state;
    this.#count = 0;
    for (const [key, windows] of state.byKey) {
      this.#count += windows.length;
      // A key that is an object is told apart by its identity, which it does not keep in a store.
      for (const window of windows) window.key = key;
    }
    this.#agenda.reset(this.#all());
  }

  *#all(): Generator<OpenWindow<Key, Value>> {
    for (const windows of this.#state.byKey.values()) yield* windows;
  }
}

/** The index of the first window that ends after a time, among windows in the order of their ends. */
export function firstEndingAfter(windows: readonly { readonly end: number }[], timeMs: number): number {
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((windows[middle] as { readonly end: number }).end > timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
