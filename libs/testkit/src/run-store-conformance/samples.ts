import type { FrameDraft, LaneId, LaneSeq, LogRecord, RunId, RunManifest, TypeId } from "@refold/core";

/** The id of the run number `n` of a test. Ids of later numbers sort later. */
export function runIdOf(n: number): RunId {
  return `0190a0b0-0000-7000-8000-${n.toString(16).padStart(12, "0")}` as RunId;
}

/** The manifest of the run number `n` of a test, with the given fields in place of its own. */
export function manifestOf(n: number, fields: Partial<RunManifest> = {}): RunManifest {
  return {
    format: 1,
    runId: runIdOf(n),
    flow: "orders",
    createdAtMs: 1_700_000_000_000 + n,
    durability: "durable",
    lanes: ["system", "source", "sink"],
    types: [{ name: "order", version: 1 }],
    topology: { stages: ["source", "sink"] },
    fingerprint: "f0",
    rootRunId: runIdOf(n),
    ...fields,
  };
}

/** A frame of data records with the given payloads. */
export function frameOf(lane: number, firstSeq: number, ...payloads: readonly unknown[]): FrameDraft {
  return draft(
    lane,
    firstSeq,
    payloads.map((payload, index) => ({
      kind: "data",
      type: 0 as TypeId,
      cause: index,
      originLane: 1 as LaneId,
      originSeq: (firstSeq + index) as LaneSeq,
      payload,
    })),
  );
}

export function draft(lane: number, firstSeq: number, records: readonly LogRecord[]): FrameDraft {
  return { lane: lane as LaneId, timeMs: 1_700_000_000_000.25 + firstSeq, firstSeq: firstSeq as LaneSeq, records };
}

/** The frame that ends a run: on the system lane, with the seal as its last record. */
export function sealOf(firstSeq: number, records: number, digest: string): FrameDraft {
  return draft(0, firstSeq, [
    { kind: "liveness", upstream: 1 as LaneId, reader: 2 as LaneId, status: "healthy" },
    { kind: "seal", status: "completed", reason: undefined, data: [0, records], digest },
  ]);
}

/** One record of every kind, and the forms that a kind has. The seal is the last. */
export const EVERY_KIND: readonly LogRecord[] = [
  {
    kind: "epoch",
    runtime: "node 20.19.0",
    refold: "0.1.0",
    fingerprints: { source: "a", ünïcode: "b" },
    forced: false,
  },
  { kind: "consumed", spans: [{ lane: 1 as LaneId, first: 0 as LaneSeq, last: 4_294_967_296 as LaneSeq }] },
  data(undefined, { nested: { list: [1, "two", null] } }),
  data(7, "text"),
  data([{ lane: 2 as LaneId, first: 3 as LaneSeq, last: 4 as LaneSeq }], 1.5),
  {
    kind: "error",
    error: "domain",
    message: "no such customer",
    cause: 1,
    originLane: 1 as LaneId,
    originSeq: 9 as LaneSeq,
    input: { id: 7 },
  },
  { kind: "end", end: "natural", counts: [{ type: 0 as TypeId, count: 12 }] },
  { kind: "watermark", eventTimeMs: -1.5 },
  { kind: "timer", timer: "emit", dueMs: 1_700_000_000_000 },
  {
    kind: "effect-started",
    effect: "charge",
    version: 2,
    cause: 0,
    ordinal: 0,
    key: "k",
    input: { cents: 12n },
  },
  {
    kind: "effect-started",
    effect: "charge",
    version: 2,
    cause: 0,
    ordinal: 0,
    key: "k",
    input: { cents: 12n },
    attempt: 2,
  },
  { kind: "effect-settled", effect: "charge", cause: 0, ordinal: 0, outcome: "failed", value: undefined },
  { kind: "receipt", outcome: "partial", first: 0, count: 3, detail: new Set([1]) },
  {
    kind: "receipt",
    outcome: "committed",
    first: 0,
    count: 2,
    detail: undefined,
    spans: [{ lane: 1 as LaneId, first: 4 as LaneSeq, last: 5 as LaneSeq }],
  },
  { kind: "transition", machine: "stage", event: { kind: "start" }, from: "created", to: "running" },
  { kind: "contract", contract: "transport", upstream: 1 as LaneId, verdict: "held", advertised: 12, read: 12 },
  { kind: "liveness", upstream: 1 as LaneId, reader: 2 as LaneId, status: "idle" },
  { kind: "policy", policy: "breaker", decision: "opened", detail: { failures: 5 } },
  { kind: "snapshot", fingerprint: "f", state: new Map([["a", [1, 2]]]) },
  { kind: "cursor", cursor: { page: 7, token: "next" } },
  { kind: "seal", status: "failed", reason: "full disk", data: [0, 12], digest: "00c0ffee" },
];

/** Payloads at the edges of what can be stored. */
export const EDGE_PAYLOADS: readonly unknown[] = [
  null,
  undefined,
  true,
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  Number.MIN_VALUE,
  2 ** 32,
  -(2n ** 200n),
  "",
  "\ud800 a lone surrogate",
  "😀",
  "\ufeffa byte order mark",
  new Uint8Array([0, 255]),
  new Date(-1),
  new Map<unknown, unknown>([[{ a: 1 }, new Map()]]),
  new Set<unknown>([Number.NaN, "x"]),
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
  [[], {}],
];

function data(cause: Extract<LogRecord, { kind: "data" }>["cause"], payload: unknown): LogRecord {
  return { kind: "data", type: 0 as TypeId, cause, originLane: 1 as LaneId, originSeq: 0 as LaneSeq, payload };
}
