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

/** The windows of a key, in the order of their starts and of their ends. */
interface Row<Key, Value> {
  readonly windows: OpenWindow<Key, Value>[];
  /** The index of the first that is open. Those before it are let go together, so that each costs the same however many there are. */
  first: number;
}

/** What is kept of {@link OpenWindows}. */
export interface OpenWindowsState<Key, Value> {
  readonly byKey: Map<Key, Row<Key, Value>>;
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

  /** Where, among the windows of a key, the first is that ends after a time, or would be. */
  find(key: Key, timeMs: number): number {
    const row = this.#state.byKey.get(key);
    return row === undefined ? 0 : firstEndingAfter(row.windows, row.first, timeMs);
  }

  at(key: Key, index: number): OpenWindow<Key, Value> | undefined {
    return this.#state.byKey.get(key)?.windows[index];
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
    const row = byKey.get(key);
    if (row === undefined) byKey.set(key, { windows: [window], first: 0 });
    else row.windows.splice(index, 0, window);
    this.#count++;
    return window;
  }

  /** Has the window after the one of this index taken into it. */
  absorb(key: Key, index: number, merge: (earlier: Value, later: Value) => Value): void {
    const windows = this.#state.byKey.get(key)?.windows ?? [];
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
    const row = byKey.get(window.key);
    if (row === undefined) return;
    const { windows } = row;
    // They close in the order of their ends, but at the end of all inputs.
    if (windows[row.first] === window) row.first++;
    else windows.splice(windows.indexOf(window), 1);
    if (row.first === windows.length) byKey.delete(window.key);
    else if (row.first * 2 >= windows.length) {
      windows.splice(0, row.first);
      row.first = 0;
    }
    this.#count--;
    window.dueMs = undefined;
  }

  schedule(window: OpenWindow<Key, Value>, dueMs: number): void {
    this.#agenda.schedule(window, dueMs);
    if (this.#agenda.entries > 2 * this.#count + IDLE_ENTRIES) this.#agenda.reset(this.#all());
  }

  /** How many places the agenda has. */
  get places(): number {
    return this.#agenda.entries;
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
    for (const [key, { windows, first }] of state.byKey) {
      this.#count += windows.length - first;
      // A key that is an object is told apart by its identity, which it does not keep in a store.
      for (const window of windows) window.key = key;
    }
    this.#agenda.reset(this.#all());
  }

  *#all(): Generator<OpenWindow<Key, Value>> {
    for (const { windows, first } of this.#state.byKey.values()) {
      for (let index = first; index < windows.length; index++) yield windows[index] as OpenWindow<Key, Value>;
    }
  }
}

/** The index of the first window, from `low` on, that ends after a time, among windows in the order of their ends. */
function firstEndingAfter(windows: readonly { readonly end: number }[], low: number, timeMs: number): number {
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((windows[middle] as { readonly end: number }).end > timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
