import {
  formatPlace,
  type Cause,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type RunManifest,
  type Span,
} from "@refold/core";

import type { InputPlaces } from "./input-places.ts";

/** A span of places: `flights:2` or `flights:2..20001`. */
export function spanText(manifest: RunManifest, { lane, first, last }: Span): string {
  const from = formatPlace(laneName(manifest, lane), first);
  return first === last ? from : `${from}..${last}`;
}

export function laneName({ lanes }: RunManifest, lane: LaneId): string {
  return lanes[lane] ?? `lane ${lane}`;
}

/** What led to a record of `lane`, as places. */
export function causeTexts(cause: Cause, lane: LaneId, manifest: RunManifest, inputs: InputPlaces): readonly string[] {
  if (cause === undefined) return [];
  if (typeof cause !== "number") return cause.map((span) => spanText(manifest, span));
  const place = inputs.find(lane, cause);
  return place === undefined ? [`input ${cause}`] : [formatPlace(laneName(manifest, place.lane), place.seq)];
}

/** The fields of a record, with names in place of the numbers that stand for lanes and types. */
export function recordFields(
  record: LogRecord,
  at: { readonly lane: LaneId; readonly manifest: RunManifest; readonly inputs: InputPlaces },
): Readonly<Record<string, unknown>> {
  const { manifest } = at;
  const lane = (id: LaneId): string => laneName(manifest, id);
  const causes = (cause: Cause): readonly string[] => causeTexts(cause, at.lane, manifest, at.inputs);
  const origin = (originLane: LaneId, seq: LaneSeq): string => formatPlace(lane(originLane), seq);
  switch (record.kind) {
    case "data": {
      const { name, version } = manifest.types[record.type] ?? { name: `type ${record.type}`, version: undefined };
      const { payload } = record;
      return {
        type: name,
        version,
        causes: causes(record.cause),
        origin: origin(record.originLane, record.originSeq),
        payload,
      };
    }
    case "error": {
      const { error, message } = record;
      return { error, message, causes: causes(record.cause), origin: origin(record.originLane, record.originSeq) };
    }
    case "consumed":
      return { inputs: record.spans.map((span) => spanText(manifest, span)) };
    case "end":
      return {
        end: record.end,
        counts: record.counts.map(({ type, count }) => ({ type: manifest.types[type]?.name ?? `type ${type}`, count })),
      };
    case "effect-started":
    case "effect-settled": {
      const { kind: _, cause, ...fields } = record;
      return { ...fields, causes: causes(cause) };
    }
    case "contract": {
      const { kind: _, upstream, ...fields } = record;
      return { ...fields, upstream: lane(upstream) };
    }
    case "liveness": {
      const { kind: _, upstream, reader, ...fields } = record;
      return { ...fields, upstream: lane(upstream), reader: lane(reader) };
    }
    case "seal": {
      const { status, reason, data, digest } = record;
      // Pairs, not an object: a lane may bear any name.
      return { status, reason, data: data.map((count, id) => ({ stage: lane(id as LaneId), count })), digest };
    }
    case "receipt": {
      const { kind: _, spans, ...fields } = record;
      return spans === undefined ? fields : { ...fields, inputs: spans.map((span) => spanText(manifest, span)) };
    }
    case "watermark":
    case "timer":
    case "transition":
    case "policy":
    case "cursor":
    case "epoch": {
      const { kind: _, ...fields } = record;
      return fields;
    }
  }
}
