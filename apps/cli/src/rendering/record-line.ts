import { formatPlace, type LaneSeq, type LogRecord, type RunManifest } from "@refold/core";

import type { InputPlaces } from "../input-places.ts";
import type { ReadFrame } from "../read-records.ts";
import { causeTexts, laneName, recordFields, spanText } from "../record-form.ts";
import { jsonValue } from "./json-value.ts";
import { oneLine } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { countText } from "./table.ts";
import { clockText } from "./time-text.ts";
import { previewValue } from "./value-preview.ts";

/** Where a line stands: the record's frame, its index in it, and what names are looked up in. */
export interface RecordAt {
  readonly read: ReadFrame;
  readonly index: number;
  readonly manifest: RunManifest;
  readonly inputs: InputPlaces;
}

const KIND_WIDTH = 14;
const SPANS_SHOWN = 4;

/** One line for one record: place, time, kind, and what it says, cut to `width` characters. */
export function recordLine(
  record: LogRecord,
  at: RecordAt,
  options: { readonly width: number; readonly style: Style },
): string {
  const { style, width } = options;
  const place = placeOf(at).padEnd(placeWidth(at.manifest));
  const time = clockText(at.read.frame.timeMs);
  const kind = record.kind.padEnd(KIND_WIDTH);
  const room = Math.max(20, width - place.length - time.length - kind.length - 4);
  return `${place}  ${style.dim(time)}  ${style.cyan(kind)}  ${summary(record, at, room)}`.trimEnd();
}

/** The same record for machines, whole, on one line. */
export function recordJson(record: LogRecord, at: RecordAt): string {
  const { frame } = at.read;
  const fields = recordFields(record, { lane: frame.lane, manifest: at.manifest, inputs: at.inputs });
  const head = { place: placeOf(at), lsn: frame.lsn, timeMs: frame.timeMs, kind: record.kind };
  return jsonValue({ ...head, ...fields });
}

function placeOf({ read, index, manifest }: RecordAt): string {
  return formatPlace(laneName(manifest, read.frame.lane), (read.frame.firstSeq + index) as LaneSeq);
}

/** Room for the longest name and a number of six digits. */
function placeWidth({ lanes }: RunManifest): number {
  return Math.max(...lanes.map((name) => name.length)) + 7;
}

function summary(record: LogRecord, at: RecordAt, room: number): string {
  const { manifest, inputs } = at;
  switch (record.kind) {
    case "data": {
      const causes = causeTexts(record.cause, at.read.frame.lane, manifest, inputs);
      const from = causes.length === 0 ? "" : ` ← ${someOf(causes)}`;
      const type = manifest.types[record.type]?.name ?? `type ${record.type}`;
      const isLetGo = record.payload === undefined && record.payloadOf !== undefined;
      const width = Math.max(20, room - from.length - type.length - 1);
      const payload = isLetGo ? "(let go of)" : previewValue(record.payload, width);
      return oneLine(`${type} ${payload}${from}`, room);
    }
    case "consumed":
      return oneLine(someOf(record.spans.map((span) => spanText(manifest, span))), room);
    case "end": {
      const counts = record.counts.map(
        ({ type, count }) => `${countText(count)} × ${manifest.types[type]?.name ?? `type ${type}`}`,
      );
      return oneLine(`${record.end}: ${counts.join(", ")}`, room);
    }
    case "transition": {
      const { kind, ...rest } = record.event;
      const carried = Object.keys(rest).length === 0 ? "" : ` ${previewValue(rest, room)}`;
      return oneLine(`${record.machine}: ${record.from} → ${record.to} by ${kind}${carried}`, room);
    }
    case "receipt": {
      const { outcome, first, count, spans, detail } = record;
      if (spans !== undefined) {
        return oneLine(`${outcome}: ${someOf(spans.map((span) => spanText(manifest, span)))}`, room);
      }
      const why = outcome === "failed" ? ` ${previewValue(detail, room)}` : "";
      return oneLine(`${outcome}: inputs ${first} to ${first + count - 1}${why}`, room);
    }
    case "epoch":
      return oneLine(
        `${record.runtime}, refold ${record.refold}${record.forced ? ", forced" : ""}${record.retryFailed === true ? ", failed calls tried again" : ""}`,
        room,
      );
    case "seal":
      return oneLine(`${record.status}${record.reason === undefined ? "" : `: ${record.reason}`}`, room);
    case "error":
      return oneLine(`${record.error}: ${record.message}`, room);
    case "contract": {
      const { contract, verdict, upstream, advertised, read } = record;
      const counts = `${countText(advertised)} advertised, ${countText(read)} read`;
      return oneLine(`${contract} from ${laneName(manifest, upstream)}: ${verdict}, ${counts}`, room);
    }
    case "liveness": {
      const { upstream, reader, status } = record;
      return oneLine(`${laneName(manifest, upstream)} -> ${laneName(manifest, reader)}: ${status}`, room);
    }
    case "watermark":
    case "timer":
    case "effect-started":
    case "effect-settled":
    case "policy":
    case "cursor":
    case "snapshot":
      return previewValue(recordFields(record, { lane: at.read.frame.lane, manifest, inputs }), room);
  }
}

function someOf(texts: readonly string[]): string {
  const more = texts.length > SPANS_SHOWN ? `, and ${texts.length - SPANS_SHOWN} more` : "";
  return `${texts.slice(0, SPANS_SHOWN).join(", ")}${more}`;
}
