import * as fc from "fast-check";

import { OPTIONAL_FIELDS } from "../src/codec/record-fields.ts";
import type { LaneId, LaneSeq, TypeId } from "../src/place.ts";
import type { DataRecord, LogRecord, RecordKind } from "../src/record.ts";
import { objectOf, storable } from "./storable.ts";

const text = fc.string({ unit: "binary", maxLength: 20 });
const natural = fc.oneof(fc.maxSafeNat(), fc.nat(300));
const lane = fc.nat(65_534).map((id) => id as LaneId);
const seq = natural.map((number) => number as LaneSeq);
const type = fc.nat(1000).map((id) => id as TypeId);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const spans = fc.array(fc.record({ lane, first: seq, last: seq }, { noNullPrototype: true }), { maxLength: 5 });
const cause = fc.option(fc.oneof(natural, spans), { nil: undefined });

/** Of data records, those that hold their payload; `referenceRecord` makes the others. */
type Shape<K extends RecordKind> = Omit<Extract<LogRecord, { kind: K }>, "kind" | "payloadOf">;
type Shapes = { readonly [K in RecordKind]: { readonly [F in keyof Shape<K>]: fc.Arbitrary<Shape<K>[F]> } };

/** What each field of each kind of record may hold. */
const SHAPES: Shapes = {
  data: {
    type,
    cause,
    originLane: lane,
    originSeq: seq,
    payload: storable,
    hops: fc.integer({ min: 1, max: 1000 }),
  },
  consumed: { spans },
  error: {
    error: fc.constantFrom(
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
    originLane: lane,
    originSeq: seq,
    input: storable,
  },
  end: {
    end: fc.constantFrom("natural", "truncated", "poison"),
    counts: fc.array(fc.record({ type, count: natural }, { noNullPrototype: true }), { maxLength: 5 }),
  },
  watermark: { eventTimeMs: finite },
  timer: { timer: text, dueMs: finite },
  "effect-started": {
    effect: text,
    version: natural,
    cause,
    ordinal: natural,
    key: text,
    input: storable,
    attempt: fc.integer({ min: 2, max: 1000 }),
  },
  "effect-settled": {
    effect: text,
    cause,
    ordinal: natural,
    outcome: fc.constantFrom("succeeded", "failed"),
    value: storable,
  },
  receipt: {
    outcome: fc.constantFrom("success", "failed", "partial", "buffered", "committed"),
    first: natural,
    count: natural,
    detail: storable,
    spans,
  },
  transition: {
    machine: text,
    event: fc.record({ kind: text, detail: storable }, { noNullPrototype: true }),
    from: text,
    to: text,
  },
  contract: {
    contract: fc.constantFrom("transport", "source", "delivery", "divergence", "schema"),
    upstream: lane,
    verdict: fc.constantFrom("held", "violated"),
    advertised: natural,
    read: natural,
  },
  liveness: {
    upstream: lane,
    reader: lane,
    status: fc.constantFrom("healthy", "idle", "suspect", "stalled", "recovered"),
  },
  policy: { policy: text, decision: text, detail: storable },
  snapshot: { fingerprint: text, state: storable },
  epoch: {
    runtime: text,
    refold: text,
    fingerprints: fc
      .array(fc.tuple(text, text), { maxLength: 4 })
      .map((entries) => objectOf(entries) as Record<string, string>),
    forced: fc.boolean(),
    retryFailed: fc.boolean(),
    source: fc.record({ path: text, sha256: text }, { noNullPrototype: true }),
  },
  seal: {
    status: fc.constantFrom("completed", "cancelled", "failed"),
    reason: fc.option(text, { nil: undefined }),
    data: fc.array(natural, { maxLength: 5 }),
    digest: text,
  },
  cursor: { cursor: storable },
};

/** Any data record whose payload another one holds, as a codec reads it: often its origin. */
export const referenceRecord: fc.Arbitrary<DataRecord> = fc
  .record({ type, cause, origin: fc.tuple(lane, seq), other: fc.option(fc.tuple(lane, seq), { nil: undefined }) })
  .map(({ type: of, cause: by, origin, other = origin }) => ({
    kind: "data",
    type: of,
    cause: by,
    originLane: origin[0],
    originSeq: origin[1],
    payload: undefined,
    payloadOf: { lane: other[0], seq: other[1] },
  }));

/** Any record of this kind. */
export function recordOf(kind: RecordKind): fc.Arbitrary<LogRecord> {
  const shape = SHAPES[kind] as Readonly<Record<string, fc.Arbitrary<unknown>>>;
  return fc.record(
    { kind: fc.constant(kind), ...shape },
    {
      noNullPrototype: true,
      requiredKeys: [
        "kind",
        ...(Object.keys(shape).slice(0, -(OPTIONAL_FIELDS.get(kind) ?? 0) || undefined) as "kind"[]),
      ],
    },
  ) as unknown as fc.Arbitrary<LogRecord>;
}
