import {
  isInBand,
  type DataRecord,
  type ErrorRecord,
  type InBandRecord,
  type LogRecord,
  type TypeId,
} from "@refold/core";

/** Which records of an upstream lane a reader takes. */
export interface Takes {
  /** The output types that it takes, with the errors that stay in band; `undefined`: every type there is. */
  readonly types: readonly TypeId[] | undefined;
  /** Whether it takes the inputs that the upstream stage rejected, as data of the type {@link RejectedInput}. */
  readonly errors: boolean;
  /** Whether it is also told of what is no input: transitions, and what was rejected and goes no further. */
  readonly notices?: boolean;
}

/** Everything that a stage gives to those after it. */
export const ALL_OUTPUTS: Takes = { types: undefined, errors: false };

/** An input that a stage rejected, as readers of its error lane get it. */
export interface RejectedInput<T> {
  readonly error: ErrorRecord["error"];
  readonly message: string;
  readonly input: T;
}

/** What a record of the upstream lane is to the reader; `undefined` for one that it does not take. */
export type RecordView = (record: LogRecord) => InBandRecord | undefined;

export function recordView({ types, errors }: Takes): RecordView {
  if (types === undefined && !errors) return (record) => (isInBand(record) ? record : undefined);
  const taken = types === undefined ? undefined : new Set(types);
  return (record) => {
    if (record.kind === "data") return taken?.has(record.type) === false ? undefined : record;
    if (record.kind !== "error") return undefined;
    if (errors && isOwn(record)) return rejectedInput(record);
    // A reader of errors alone is no link of the chain along which errors are handed on.
    return isInBand(record) && taken?.size !== 0 ? record : undefined;
  };
}

/** Whether a record is one that a reader with `notices` is told of. */
export function isNotice({ kind }: LogRecord): boolean {
  return kind === "transition" || kind === "error";
}

/** Whether a reader was given a rejected input: then no data record on record holds its payload. */
export function isRejectedInput({ type }: DataRecord): boolean {
  return type === REJECTED;
}

/** How many data records of an ended lane a reader should have taken. */
export function advertisedTo(
  { types }: Takes,
  counts: readonly { readonly type: TypeId; readonly count: number }[],
): number {
  return counts.reduce((sum, { type, count }) => (types?.includes(type) === false ? sum : sum + count), 0);
}

/** One that is handed on has spans for its cause. */
function isOwn({ cause }: ErrorRecord): boolean {
  return typeof cause === "number";
}

function rejectedInput({ error, message, input, cause, originLane, originSeq }: ErrorRecord): InBandRecord {
  const payload: RejectedInput<unknown> = { error, message, input };
  return { kind: "data", type: REJECTED, cause, originLane, originSeq, payload };
}

/** Rejected inputs are told apart by where they are read: no type of the flow stands for them. */
const REJECTED = -1 as TypeId;
