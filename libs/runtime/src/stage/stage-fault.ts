import { formatPlace, type AppendFault, type LaneSeq } from "@refold/core";

/** Why a stage failed, as it goes on record. */
export interface StageFault {
  readonly code:
    | "handler-threw"
    | "payload-refused"
    | "source-threw"
    | "sink-threw"
    | "join-missed"
    | "receipt-refused"
    | "commit-refused"
    | "left-buffered"
    | "edge-stalled"
    | "contract-violated"
    | "effect-diverged"
    | "effect-in-doubt"
    | "unexpected";
  readonly stage: string;
  readonly message: string;
  /** The input in hand, as `stage:seq`. A run that is resumed with mended code goes on with it. */
  readonly input?: string;
  readonly stack?: string;
}

/** Thrown by a stage's work to fail the stage with a fault that says more than the error alone. */
export class StageFailure extends Error {
  readonly fault: StageFault;

  constructor(fault: StageFault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** The fault of an error that author's code, or a connector, threw. */
export function thrownFault(
  code: StageFault["code"],
  stage: string,
  cause: unknown,
  input?: { readonly stage: string; readonly seq: LaneSeq },
): StageFault {
  const { message, stack } = thrownText(cause);
  return {
    code,
    stage,
    message: storableText(message),
    ...(input === undefined ? {} : { input: formatPlace(input.stage, input.seq) }),
    ...(stack === undefined ? {} : { stack: storableText(stack) }),
  };
}

/** The fault of whatever reached the supervision loop as a failure. */
export function failureFault(stage: string, cause: unknown): StageFault {
  return cause instanceof StageFailure ? cause.fault : thrownFault("unexpected", stage, cause);
}

/** What was thrown, in a sentence. */
export function thrownMessage(cause: unknown): string {
  return storableText(thrownText(cause).message);
}

/** Nothing could be appended: the log itself failed, and with it the run. */
export class LogFailure extends Error {
  readonly fault: AppendFault;

  constructor(fault: AppendFault) {
    super(`the log refused a frame: ${fault.kind}`);
    this.fault = fault;
  }
}

/** What was thrown, in words. What throws when it is looked at, as a revoked proxy does, is told by its type alone. */
function thrownText(cause: unknown): { readonly message: string; readonly stack?: string | undefined } {
  try {
    if (cause instanceof Error) {
      // Its properties may be anything, or throw.
      const stack: unknown = cause.stack;
      const message = `${String(cause.name)}: ${String(cause.message)}`;
      return { message, stack: typeof stack === "string" ? stack : undefined };
    }
    if (cause === undefined || cause === null) return { message: `a thrown ${String(cause)}` };
    const text = typeof cause === "object" ? objectText(cause) : textOf(cause);
    return { message: `a thrown ${typeof cause}: ${text}` };
  } catch {
    return { message: `a thrown ${typeof cause}` };
  }
}

/** What errors are told by. An object that was thrown may hold anything else as well, such as the headers of a request. */
const TELLING: readonly string[] = ["name", "code", "status", "message"];

/** The text that the value has of its own; or what it tells, and the names of the rest. */
function objectText(value: object): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const { toString } = value as { readonly toString?: unknown };
  if (toString !== undefined && toString !== Object.prototype.toString) return textOf(value);
  const told: string[] = [];
  const others: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    const isTold = TELLING.includes(name) && (typeof field === "string" || typeof field === "number");
    if (isTold) told.push(`${name} ${textOf(field)}`);
    else others.push(name);
  }
  const left = others.length === 0 ? "" : `(not shown: ${others.join(", ")})`;
  return [told.join(", "), left].filter((text) => text !== "").join(" ");
}

const textOf: (value: unknown) => string = String;

const MAX_TEXT = 8192;

/** A text of the author's, cut to what goes on record. */
export function storableText(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
