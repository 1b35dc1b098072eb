/** When a stateful stage emits. */
export type Schedule =
  | { readonly kind: "on-end" }
  | { readonly kind: "every"; readonly inputs: number; readonly atEnd: boolean }
  | { readonly kind: "within"; readonly ms: number; readonly atEnd: boolean };

export interface ScheduleOptions {
  /**
   * Whether the stage emits once more when its inputs have come to a natural end, if inputs came since it last emitted. It does
   * unless this is false.
   */
  readonly atEnd?: boolean;
}

/** Emits once, when all inputs have ended naturally. */
export function onEnd(): Schedule {
  return { kind: "on-end" };
}

/** Emits after every `inputs` inputs: a whole number from 1. */
export function everyN(inputs: number, { atEnd = true }: ScheduleOptions = {}): Schedule {
  return { kind: "every", inputs, atEnd };
}

/** Emits after every input. */
export function always(): Schedule {
  return everyN(1);
}

/**
 * Emits so many milliseconds after the first input that has not been emitted yet. That the time has come goes on record, so a
 * replay emits at the same place.
 */
export function within(ms: number, { atEnd = true }: ScheduleOptions = {}): Schedule {
  return { kind: "within", ms, atEnd };
}

/** What is wrong with a schedule, if anything is. */
export function scheduleProblem(schedule: Schedule | undefined): string | undefined {
  // JavaScript may leave it out, or give anything.
  const noSchedule = "it has no schedule: give it one as `emit`, such as onEnd(), everyN(10) or within(1000)";
  if (typeof schedule !== "object" || schedule === null) return noSchedule;
  switch (schedule.kind) {
    case "on-end":
      return undefined;
    case "every":
      return Number.isSafeInteger(schedule.inputs) && schedule.inputs >= 1
        ? undefined
        : `everyN(${String(schedule.inputs)}) never comes: give a whole number of inputs from 1`;
    case "within":
      return Number.isFinite(schedule.ms) && schedule.ms > 0
        ? undefined
        : `within(${String(schedule.ms)}) is no time: give milliseconds above 0`;
    default:
      return noSchedule;
  }
}
