import type { LogRecord, RecordKind } from "../record.ts";

/** Whether a value may stand in a field. */
export type Check = (value: unknown) => boolean;

const anything: Check = () => true;
const text: Check = (value) => typeof value === "string";
const optionalText: Check = (value) => value === undefined || typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const optionalFlag: Check = (value) => value === undefined || typeof value === "boolean";
const finite: Check = (value) => typeof value === "number" && Number.isFinite(value);
const natural: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const optionalNatural: Check = (value) => value === undefined || natural(value);
const naturals: Check = (value) => Array.isArray(value) && value.every(natural);
const oneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    allowed.includes(value as string);
const plain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const spans: Check = (value) =>
  Array.isArray(value) &&
  value.every((span) => plain(span) && natural(span["lane"]) && natural(span["first"]) && natural(span["last"]));
const cause: Check = (value) => value === undefined || natural(value) || spans(value);
const counts: Check = (value) =>
  Array.isArray(value) && value.every((entry) => plain(entry) && natural(entry["type"]) && natural(entry["count"]));
const kinded: Check = (value) => plain(value) && text(value["kind"]);
const texts: Check = (value) => plain(value) && Object.values(value).every(text);

const optionalSource: Check = (value) =>
  value === undefined || (plain(value) && text(value["path"]) && text(value["sha256"]));

/** A data record with a `payloadOf` has a form of its own, which the codec knows. */
type FieldsOf<K extends RecordKind> = {
  readonly [F in Exclude<keyof Extract<LogRecord, { kind: K }>, "kind" | "payloadOf">]-?: Check;
};

/** The fields of each record kind, in the order in which they are written. The order is part of the format. */
export const RECORD_FIELDS: { readonly [K in RecordKind]: FieldsOf<K> } = {
  data: {
    type: natural,
    cause,
    originLane: natural,
    originSeq: natural,
    payload: anything,
    hops: optionalNatural,
  },
  consumed: { spans },
  error: {
    error: oneOf(
      "timeout",
      "remote",
      "rate-limited",
      "permanent",
      "deserialization",
      "validation",
      "domain",
      "unknown",
    ),
    message: text,
    cause,
    originLane: natural,
    originSeq: natural,
    input: anything,
  },
  end: { end: oneOf("natural", "truncated", "poison"), counts },
  watermark: { eventTimeMs: finite },
  timer: { timer: text, dueMs: finite },
  "effect-started": {
    effect: text,
    version: natural,
    cause,
    ordinal: natural,
    key: text,
    input: anything,
    attempt: optionalNatural,
  },
  "effect-settled": { effect: text, cause, ordinal: natural, outcome: oneOf("succeeded", "failed"), value: anything },
  receipt: {
    outcome: oneOf("success", "failed", "partial", "buffered", "committed"),
    first: natural,
    count: natural,
    detail: anything,
    spans,
  },
  transition: { machine: text, event: kinded, from: text, to: text },
  contract: {
    contract: oneOf("transport", "source", "delivery", "divergence", "schema"),
    upstream: natural,
    verdict: oneOf("held", "violated"),
    advertised: natural,
    read: natural,
  },
  liveness: { upstream: natural, reader: natural, status: oneOf("healthy", "idle", "suspect", "stalled", "recovered") },
  policy: { policy: text, decision: text, detail: anything },
  snapshot: { fingerprint: text, state: anything },
  epoch: {
    runtime: text,
    refold: text,
    fingerprints: texts,
    forced: flag,
    retryFailed: optionalFlag,
    source: optionalSource,
  },
  seal: {
    status: oneOf("completed", "cancelled", "failed"),
    reason: optionalText,
    data: naturals,
    digest: text,
  },
  cursor: { cursor: anything },
};

/** How many of the last fields of a kind are left out where there is nothing to say; of other kinds, none. */
export const OPTIONAL_FIELDS: ReadonlyMap<RecordKind, number> = new Map<RecordKind, number>([
  ["data", 1],
  ["receipt", 1],
  ["effect-started", 1],
  ["epoch", 2],
]);

/** Record kinds by the number that stands for them in the log. The order is part of the format. */
export const RECORD_KINDS: readonly RecordKind[] = [
  "data",
  "consumed",
  "error",
  "end",
  "watermark",
  "timer",
  "effect-started",
  "effect-settled",
  "receipt",
  "transition",
  "contract",
  "liveness",
  "policy",
  "snapshot",
  "epoch",
  "seal",
  "cursor",
];
