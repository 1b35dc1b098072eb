import type { ProgramContext } from "../step/stage-program.ts";
import type { Synchronous } from "./pure-handler.ts";
import {
  durationProblem,
  windowsProblems,
  type FixedWindows,
  type SessionWindows,
  type Windows,
} from "./window-kinds.ts";

/** What a window came to. */
export interface WindowResult<Key, Value> {
  readonly key: Key;
  /** The first time of the window, in milliseconds since 1970. */
  readonly start: number;
  /** The first time after it. */
  readonly end: number;
  readonly value: Value;
  /** How often the window, and what was merged into it, was emitted before: above 0 where late inputs changed it. */
  readonly revision: number;
}

/** How inputs are gathered in windows of event time. */
export type WindowSpec<Input, Key, Value, Output> = WindowFold<Input, Key, Value, Output> &
  (
    | { readonly over: FixedWindows; readonly merge?: undefined }
    | {
        readonly over: SessionWindows;
        /** An input has come that makes one session of two: the value of the earlier and that of the later. */
        readonly merge: (earlier: Value, later: Value) => Value;
      }
  );

interface WindowFold<Input, Key, Value, Output> {
  /**
   * The event time of an input, in milliseconds since 1970. An input for which it is no time that a `Date` can have is rejected,
   * as of kind `validation`.
   */
  readonly time: (input: Input) => number;
  /** Has a window of its own for each key. Keys are told apart as those of a `Map`. */
  readonly key?: (input: Input) => Key;
  readonly initial: () => Value;
  /** The next value. The one given may be changed and returned. */
  readonly fold: (value: Value, input: Input, context: ProgramContext) => Value;
  /** What is emitted for a window; without it, the {@link WindowResult}. */
  readonly project?: ((window: WindowResult<Key, Value>) => Output) & Synchronous<Output>;
  /**
   * How far an input may be behind the latest event time of its upstream and still be on time, in milliseconds; 0 unless given.
   * Windows are emitted later by as much.
   */
  readonly outOfOrderMs?: number;
  /**
   * How long a window is kept after it was emitted, in milliseconds of event time; 0 unless given. An input that comes in that
   * time has it emitted again.
   */
  readonly allowedLatenessMs?: number;
  /** How many windows may be kept at once: 1,000,000 unless told otherwise. An input that opens one more fails the stage. */
  readonly maxWindows?: number;
}

export const MAX_WINDOWS = 1_000_000;

/** A spec as JavaScript may give it. */
interface GivenSpec {
  readonly over?: Windows;
  readonly outOfOrderMs?: number;
  readonly allowedLatenessMs?: number;
  readonly maxWindows?: number;
  readonly time?: unknown;
  readonly key?: unknown;
  readonly initial?: unknown;
  readonly fold?: unknown;
  readonly merge?: unknown;
  readonly project?: unknown;
}

/** What besides its functions decides what a window stage computes, as plain data. JavaScript may leave the whole spec out. */
export function windowSettings(spec: GivenSpec | undefined): Readonly<Record<string, unknown>> {
  const { over, outOfOrderMs = 0, allowedLatenessMs = 0 } = spec ?? {};
  return { over, outOfOrderMs, allowedLatenessMs };
}

/** What is wrong with a spec: nothing, if the list is empty. */
export function windowProblems(spec: GivenSpec | undefined): readonly string[] {
  const { over, merge, outOfOrderMs = 0, allowedLatenessMs = 0, maxWindows = MAX_WINDOWS } = spec ?? {};
  const problems = [
    ...windowsProblems(over),
    ...durationProblem("outOfOrderMs", outOfOrderMs),
    ...durationProblem("allowedLatenessMs", allowedLatenessMs),
  ];
  if (over?.kind === "session" && merge === undefined) {
    problems.push("it has sessions, and cannot make one of two: give it `merge`");
  }
  if (!Number.isSafeInteger(maxWindows) || maxWindows < 1) {
    problems.push(`maxWindows of ${String(maxWindows)} lets no window be: give a whole number from 1`);
  }
  return problems;
}

/** The functions that a spec has to have, and those that it has besides. */
export function windowFunctions(spec: GivenSpec | undefined): Readonly<Record<string, unknown>> {
  const { time, initial, fold, key, merge, project } = spec ?? {};
  const besides = Object.entries({ key, merge, project }).filter(([, given]) => given !== undefined);
  return { time, initial, fold, ...Object.fromEntries(besides) };
}
