import type { EndKind, LaneId } from "@refold/core";

import { copied } from "../step/copied.ts";
import { addToLineage, spansOf } from "../step/lineage.ts";
import { mustNotAwait } from "../step/must-not-await.ts";
import type { Outputs, ProgramContext, StageProgram } from "../step/stage-program.ts";
import { TracedOutput } from "../step/traced-output.ts";
import { checkedKey } from "./key.ts";
import { multipleBefore, type FixedWindows, type SessionWindows } from "./window-kinds.ts";
import { MAX_WINDOWS, type WindowResult, type WindowSpec } from "./window-spec.ts";
import { OpenWindows, type OpenWindow, type OpenWindowsState } from "./window-state.ts";
import { Watermark, type WatermarkState } from "./window-watermark.ts";

/** The port of the inputs that came too late. */
const LATE_PORT = 1;

/** The first and the last time that a `Date` can have are so far from 1970. */
const LATEST_TIME_MS = 8.64e15;

/** What a window stage keeps. */
interface Kept<Key, Value> {
  readonly watermark: WatermarkState;
  readonly windows: OpenWindowsState<Key, Value>;
  /** The watermark that was last put on record. */
  readonly toldMs: number;
}

export function windowProgram<Input, Key, Value, Output>(
  spec: WindowSpec<Input, Key, Value, Output>,
  lanes: readonly LaneId[],
): StageProgram {
  return new WindowProgram(spec, lanes);
}

class WindowProgram<Input, Key, Value, Output> implements StageProgram {
  readonly #spec: WindowSpec<Input, Key, Value, Output>;
  readonly #keepMs: number;
  readonly #watermark: Watermark;
  readonly #windows: OpenWindows<Key, Value>;
  #toldMs: number = Number.NEGATIVE_INFINITY;

  constructor(spec: WindowSpec<Input, Key, Value, Output>, lanes: readonly LaneId[]) {
    const { outOfOrderMs = 0, allowedLatenessMs = 0, maxWindows = MAX_WINDOWS } = spec;
    this.#spec = spec;
    this.#keepMs = allowedLatenessMs;
    this.#watermark = new Watermark(lanes, outOfOrderMs);
    this.#windows = new OpenWindows(maxWindows);
  }

  accept(given: unknown, context: ProgramContext, outputs: Outputs): Iterator<unknown> | undefined {
    // The types of the flow hold that this stage's upstream emits `Input`.
    const input = given as Input;
    const { time, key: keyOf, over } = this.#spec;
    const timeMs = settled(time(input));
    if (!Number.isFinite(timeMs) || Math.abs(timeMs) > LATEST_TIME_MS) {
      outputs.reject("validation", `its event time is ${String(timeMs)}, which is no time in milliseconds since 1970`);
      return undefined;
    }
    // A stage whose windows have no keys has the one key `undefined`, which is what its `Key` is then.
    const key = keyOf === undefined ? (undefined as Key) : checkedKey(keyOf(input));
    const whole =
      over.kind === "fixed"
        ? this.#addToFixed(over, key, timeMs, input, context)
        : this.#addToSession(over, key, timeMs, input, context);
    if (!whole) outputs.emit(input, LATE_PORT);
    this.#watermark.see(context.lane, timeMs);
    return this.#due(outputs);
  }

  ended(lane: LaneId, outputs: Outputs, end: EndKind): Iterator<unknown> | undefined {
    // A lane that was cut short could have given more: what it holds back is never whole.
    if (end === "natural") this.#watermark.ended(lane);
    return this.#due(outputs);
  }

  finish(): Iterable<unknown> {
    return this.#results(Number.POSITIVE_INFINITY);
  }

  snapshot(): unknown {
    const kept: Kept<Key, Value> = {
      watermark: this.#watermark.snapshot(),
      windows: this.#windows.snapshot(),
      toldMs: this.#toldMs,
    };
    return kept;
  }

  restore(state: unknown): void {
    // What `snapshot` gave.
    const { watermark, windows, toldMs } = state as Kept<Key, Value>;
    this.#watermark.restore(watermark);
    this.#windows.restore(windows);
    this.#toldMs = toldMs;
  }

  /** Adds an input to every window that holds its time. False if one of them is no longer kept. */
  #addToFixed(
    { sizeMs, everyMs }: FixedWindows,
    key: Key,
    timeMs: number,
    input: Input,
    context: ProgramContext,
  ): boolean {
    const last = multipleBefore(timeMs, everyMs);
    let start = firstStart(timeMs, sizeMs, everyMs);
    // Windows that end here or before are no longer kept.
    const goneMs = this.#watermark.ms - this.#keepMs;
    const whole = start + sizeMs > goneMs;
    if (!whole) start = firstStart(goneMs, sizeMs, everyMs);
    let index = this.#windows.find(key, start + sizeMs - 1);
    for (; start <= last; start += everyMs, index++) {
      const end = start + sizeMs;
      let window = this.#windows.at(key, index);
      if (window?.start !== start)
        window = this.#windows.open(key, index, { start, end }, settled(this.#spec.initial()));
      this.#add(window, input, context);
    }
    return whole;
  }

  /** Adds an input to the session that it is in, which may make one of several. False if it is too late for any. */
  #addToSession({ gapMs }: SessionWindows, key: Key, start: number, input: Input, context: ProgramContext): boolean {
    const end = start + gapMs;
    const windows = this.#windows;
    const index = windows.find(key, start);
    let window = windows.at(key, index);
    if (window === undefined || window.start >= end) {
      if (end <= this.#watermark.ms - this.#keepMs) return false;
      window = windows.open(key, index, { start, end }, settled(this.#spec.initial()));
    } else {
      // Sessions of a spec that has been built have their `merge`.
      const { merge } = this.#spec as { readonly merge: (earlier: Value, later: Value) => Value };
      const merged = (earlier: Value, later: Value): Value => settled(merge(earlier, later));
      while ((windows.at(key, index + 1)?.start ?? end) < end) windows.absorb(key, index, merged);
      window.start = Math.min(window.start, start);
      window.end = Math.max(window.end, end);
    }
    this.#add(window, input, context);
    return true;
  }

  #add(window: OpenWindow<Key, Value>, input: Input, context: ProgramContext): void {
    window.value = settled(this.#spec.fold(window.value, input, context));
    addToLineage(window.lineage, context.lane, context.seq);
    window.changed = true;
    this.#windows.schedule(window, window.end);
  }

  /** Asks for a generator only when there is something to do. */
  #due(outputs: Outputs): Iterator<unknown> | undefined {
    return this.#windows.isDue(this.#watermark.ms) ? this.#closing(outputs) : undefined;
  }

  /** Emits what the watermark has passed, and then puts the watermark on record. */
  *#closing(outputs: Outputs): Generator<TracedOutput> {
    const { ms } = this.#watermark;
    let results = 0;
    for (const result of this.#results(ms)) {
      results++;
      yield result;
    }
    // A window that is kept may be emitted again for as long.
    const safeMs = ms - this.#keepMs;
    if (results === 0 || safeMs <= this.#toldMs) return;
    this.#toldMs = safeMs;
    outputs.watermark(safeMs);
  }

  /** The results of the windows that end at `untilMs` or before and have not been emitted as they are. */
  *#results(untilMs: number): Generator<TracedOutput> {
    const windows = this.#windows;
    for (let window = windows.takeDue(untilMs); window !== undefined; window = windows.takeDue(untilMs)) {
      const dueMs = window.changed ? window.end : window.end + this.#keepMs;
      if (dueMs > untilMs) windows.schedule(window, dueMs);
      else if (!window.changed) windows.close(window);
      else yield this.#result(window, untilMs);
    }
  }

  #result(window: OpenWindow<Key, Value>, untilMs: number): TracedOutput {
    const { key, start, end, value, lineage, emitted: revision } = window;
    const result: WindowResult<Key, Value> = { key, start, end, value, revision };
    const causes = spansOf(lineage);
    window.changed = false;
    window.emitted++;
    const goneMs = end + this.#keepMs;
    const isKept = goneMs > untilMs;
    if (isKept) this.#windows.schedule(window, goneMs);
    else this.#windows.close(window);
    const { project } = this.#spec;
    const output = project === undefined ? result : project(result);
    mustNotAwait(output);
    // What is kept may change when late inputs come.
    return TracedOutput.aggregate(isKept ? copied(output) : output, causes);
  }
}

/** What a function of the author's gave, if it is no promise: the codec sees but what is emitted of it. */
function settled<T>(value: T): T {
  mustNotAwait(value);
  return value;
}

/** The start of the first window that ends after a time. */
function firstStart(timeMs: number, sizeMs: number, everyMs: number): number {
  const start = multipleBefore(timeMs - sizeMs, everyMs);
  return start + sizeMs > timeMs ? start : start + everyMs;
}
