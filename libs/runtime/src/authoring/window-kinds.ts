/** Which windows there are in event time. A window holds the times from its start to before its end: `[start, end)`. */
export type Windows = FixedWindows | SessionWindows;

/** Windows whose bounds do not depend on the inputs: their starts are the whole multiples of `everyMs`. */
export interface FixedWindows {
  readonly kind: "fixed";
  readonly sizeMs: number;
  readonly everyMs: number;
}

/** Windows that last for as long as inputs keep coming. */
export interface SessionWindows {
  readonly kind: "session";
  readonly gapMs: number;
}

/**
 * One window after the other, each of `sizeMs` milliseconds, counted from 1970-01-01T00:00Z. The size is a whole number from 1
 * to 2^47, which is more than 4,000 years.
 */
export function tumbling(sizeMs: number): FixedWindows {
  return { kind: "fixed", sizeMs, everyMs: sizeMs };
}

/**
 * Windows of `sizeMs` milliseconds, of which one begins every `everyMs`, counted from 1970-01-01T00:00Z: an input is in each
 * that holds its time. Both are whole numbers from 1 to 2^47. The step is not above the size, so that no time is without a window.
 */
export function sliding({ sizeMs, everyMs }: Omit<FixedWindows, "kind">): FixedWindows {
  return { kind: "fixed", sizeMs, everyMs };
}

/**
 * Windows that begin with an input and end `gapMs` milliseconds after the last one: inputs that are less than the gap apart are
 * in one session. The gap is a whole number from 1 to 2^47.
 */
export function session({ gapMs }: Omit<SessionWindows, "kind">): SessionWindows {
  return { kind: "session", gapMs };
}

/** The largest whole multiple of `step` that is not above a time. Exact for whole steps and the times of a `Date`. */
export function multipleBefore(timeMs: number, step: number): number {
  const rest = timeMs % step;
  return rest < 0 ? timeMs - rest - step : timeMs - rest;
}

/** The longest duration: with it, sums with any time that a `Date` can have stay exact. */
const LONGEST_MS = 2 ** 47;

/** What is wrong with windows: nothing, if the list is empty. */
export function windowsProblems(windows: Windows | undefined): readonly string[] {
  switch (windows?.kind) {
    case "fixed": {
      const { sizeMs, everyMs } = windows;
      const problems = [...lengthProblem("window", sizeMs)];
      if (!Object.is(everyMs, sizeMs)) problems.push(...lengthProblem("step", everyMs));
      if (everyMs > sizeMs) {
        problems.push(
          `a step of ${everyMs} ms is longer than a window of ${sizeMs} ms, and leaves out what is between`,
        );
      }
      return problems;
    }
    case "session":
      return lengthProblem("gap", windows.gapMs);
    case undefined:
    default:
      // JavaScript may leave them out, or give anything.
      return ["it has no windows: give them as `over`, such as tumbling(60_000) or session({ gapMs: 60_000 })"];
  }
}

/** What is wrong with a duration that may be none. */
export function durationProblem(name: string, ms: number): readonly string[] {
  if (ms >= 0 && ms <= LONGEST_MS) return [];
  return [`${name} of ${String(ms)} is no duration: give milliseconds from 0 to 2^47`];
}

function lengthProblem(what: string, ms: number): readonly string[] {
  if (Number.isInteger(ms) && ms >= 1 && ms <= LONGEST_MS) return [];
  return [`a ${what} of ${String(ms)} ms cannot be: give a whole number of milliseconds from 1 to 2^47`];
}
