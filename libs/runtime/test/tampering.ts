import type { ErrorKind, LaneId, LaneSeq, LogRecord, Span, TypeId } from "@refold/core";

/** One way to change a record, by a name that failing examples show. */
export interface Tampering {
  readonly name: string;
  /** What stands in place of the record. */
  readonly records: readonly LogRecord[];
}

/** Every way in which one record of a run can be made to say something else, that its codec still takes. */
export function tamperings(record: LogRecord): readonly Tampering[] {
  // A step that took nothing says nothing.
  const says = record.kind !== "consumed" || record.spans.length > 0;
  const dropped: Tampering = { name: `drop ${record.kind}`, records: [] };
  const twice: Tampering = { name: `repeat ${record.kind}`, records: [record, record] };
  const changed = changes(record).map(([what, made]) => ({ name: `${record.kind} ${what}`, records: [made] }));
  return [...(says ? [dropped] : []), twice, ...changed];
}

type Change = readonly [what: string, made: LogRecord];

function changes(record: LogRecord): readonly Change[] {
  switch (record.kind) {
    case "data":
      return [
        ["payload", { ...withoutReference(record), payload: ["tampered with", record.payload] }],
        ["type", { ...record, type: (record.type + 1) as TypeId }],
        ["type", { ...record, type: (record.type - 1) as TypeId }],
        ["hops", { ...withoutReference(record), hops: (record.hops ?? 0) + 1 }],
        ["origin seq", { ...record, originSeq: (record.originSeq + 1) as LaneSeq }],
        ["origin lane", { ...record, originLane: (record.originLane - 1) as LaneId }],
        ["no cause", { ...record, cause: record.cause === undefined ? 0 : undefined }],
        ...causes(record.cause).map((cause) => ["cause", { ...record, cause }] as const),
      ];
    case "consumed":
      return spanChanges(record.spans).map(([what, spans]) => [what, { ...record, spans }]);
    case "error":
      return [
        ["kind", { ...record, error: otherError(record.error) }],
        ["kind in band", { ...record, error: record.error === "domain" ? "validation" : "domain" }],
        ["message", { ...record, message: `${record.message}!` }],
        ["input", { ...record, input: ["tampered with", record.input] }],
        ["origin seq", { ...record, originSeq: (record.originSeq + 1) as LaneSeq }],
        ...causes(record.cause).map((cause) => ["cause", { ...record, cause }] as const),
      ];
    case "end":
      return [
        ["kind", { ...record, end: record.end === "natural" ? "truncated" : "natural" }],
        ["poison", { ...record, end: record.end === "poison" ? "natural" : "poison" }],
        ...(record.counts.every(({ count }) => count === 0) ? [] : [["no counts", { ...record, counts: [] }] as const]),
        ["counts", { ...record, counts: record.counts.map((one) => ({ ...one, count: one.count + 1 })) }],
      ];
    case "watermark":
      return [["time", { ...record, eventTimeMs: record.eventTimeMs + 1 }]];
    case "timer":
      return [
        ["due", { ...record, dueMs: record.dueMs + 1 }],
        ["name", { ...record, timer: `${record.timer}!` }],
      ];
    case "effect-started":
      return [
        ["effect", { ...record, effect: `${record.effect}!` }],
        ["version", { ...record, version: record.version + 1 }],
        ["ordinal", { ...record, ordinal: record.ordinal + 1 }],
        ["key", { ...record, key: `${record.key}!` }],
        ["input", { ...record, input: ["tampered with", record.input] }],
        ...causes(record.cause).map((cause) => ["cause", { ...record, cause }] as const),
      ];
    case "effect-settled":
      return [
        ["effect", { ...record, effect: `${record.effect}!` }],
        ["ordinal", { ...record, ordinal: record.ordinal + 1 }],
        ["outcome", { ...record, outcome: record.outcome === "failed" ? "succeeded" : "failed" }],
        ["value", { ...record, value: ["tampered with", record.value] }],
        ...causes(record.cause).map((cause) => ["cause", { ...record, cause }] as const),
      ];
    case "receipt":
      return [
        ...(["success", "failed", "partial", "buffered", "committed"] as const)
          .filter((outcome) => outcome !== record.outcome)
          .map((outcome) => [`${record.outcome} to ${outcome}`, { ...record, outcome }] as const),
        ["first", { ...record, first: record.first + 1 }],
        ["more", { ...record, count: record.count + 1 }],
        ["fewer", { ...record, count: record.count - 1 }],
        ["detail", { ...record, detail: ["tampered with", record.detail] }],
        ...(record.spans === undefined
          ? []
          : spanChanges(record.spans).map(([what, spans]) => [`spans: ${what}`, { ...record, spans }] as const)),
      ];
    case "transition":
      return [
        ["from", { ...record, from: `${record.from}!` }],
        ["to", { ...record, to: `${record.to}!` }],
        ["event", { ...record, event: { kind: `${record.event.kind}!` } }],
        ["to failed", { ...record, event: { kind: "cancel" }, to: "cancelled" }],
        ["machine", { ...record, machine: `${record.machine}!` }],
      ];
    case "contract":
      return [
        ["name", { ...record, contract: record.contract === "transport" ? "delivery" : "transport" }],
        ["upstream", { ...record, upstream: (record.upstream - 1) as LaneId }],
        ["verdict", { ...record, verdict: record.verdict === "held" ? "violated" : "held" }],
        ["advertised", { ...record, advertised: record.advertised + 1 }],
        ["read", { ...record, read: record.read + 1 }],
        ["both counts", { ...record, advertised: record.advertised + 1, read: record.read + 1 }],
      ];
    case "liveness":
      return [
        ["status", { ...record, status: record.status === "idle" ? "stalled" : "idle" }],
        ["reader", { ...record, reader: record.upstream, upstream: record.reader }],
      ];
    case "policy":
      return [["decision", { ...record, decision: `${record.decision}!` }]];
    case "cursor":
      return [["cursor", { ...record, cursor: ["tampered with", record.cursor] }]];
    case "epoch":
      return [
        ["runtime", { ...record, runtime: `${record.runtime}!` }],
        ["fingerprints", { ...record, fingerprints: {} }],
        ["forced", { ...record, forced: !record.forced }],
      ];
    case "seal":
      return [
        ["status", { ...record, status: record.status === "completed" ? "cancelled" : "completed" }],
        ["reason", { ...record, reason: `${record.reason ?? ""}!` }],
        ["data", { ...record, data: record.data.map((count) => count + 1) }],
        ["no data", { ...record, data: [] }],
        ["digest", { ...record, digest: `${record.digest.slice(1)}0` }],
      ];
  }
}

function withoutReference(record: Extract<LogRecord, { kind: "data" }>): Extract<LogRecord, { kind: "data" }> {
  const { payloadOf: _, ...own } = record;
  return own;
}

function otherError(kind: ErrorKind): ErrorKind {
  return kind === "permanent" ? "timeout" : "permanent";
}

function causes(cause: number | readonly Span[] | undefined): readonly (number | readonly Span[])[] {
  if (cause === undefined) return [];
  if (typeof cause === "number") return [cause + 1, ...(cause > 0 ? [cause - 1] : [])];
  return spanChanges(cause).map(([, spans]) => spans);
}

/** Spans that say something else, and are still spans. */
function spanChanges(spans: readonly Span[]): readonly (readonly [what: string, spans: readonly Span[]])[] {
  const [first, second, ...others] = spans;
  if (first === undefined) return [];
  const changed: (readonly [string, readonly Span[]])[] = [
    ["one more", [{ ...first, last: (first.last + 1) as LaneSeq }, ...spans.slice(1)]],
    ["another lane", [{ ...first, lane: (first.lane - 1) as LaneId }, ...spans.slice(1)]],
    [
      "later",
      [{ ...first, first: (first.first + 1) as LaneSeq, last: (first.last + 1) as LaneSeq }, ...spans.slice(1)],
    ],
    ["none", []],
  ];
  if (first.last > first.first) {
    changed.push(["one less", [{ ...first, last: (first.last - 1) as LaneSeq }, ...spans.slice(1)]]);
  }
  if (second !== undefined) {
    changed.push(["another order", [second, first, ...others]]);
    changed.push(["without the first", spans.slice(1)]);
  }
  return changed;
}
