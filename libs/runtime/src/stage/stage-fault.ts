import { formatPlace, type AppendFault, type LaneSeq } from "@refold/core";

/** Why a stage failed, as it goes on record. */
export interface StageFault {
  readonly code:
    | "handler-threw"
    | "payload-refused"
    | "source-threw"
    | "sink-threw"
    | "edge-stalled"
    | "contract-violated"
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
  const message =
    cause instanceof Error ? `${cause.name}: ${cause.message}` : `a thrown ${typeof cause}${asText(cause)}`;
  const stack = cause instanceof Error ? cause.stack : undefined;
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

/** Nothing could be appended: the log itself failed, and with it the run. */
export class LogFailure extends Error {
  readonly fault: AppendFault;

  constructor(fault: AppendFault) {
    super(`the log refused a frame: ${fault.kind}`);
    this.fault = fault;
  }
}

/** What was thrown as text, unless it has none. */
function asText(cause: unknown): string {
  try {
    return `: ${String(cause)}`;
  } catch {
    return "";
  }
}

const MAX_TEXT = 8192;

function storableText(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
