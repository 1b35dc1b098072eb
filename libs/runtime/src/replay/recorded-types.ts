import { upcast, type EventType, type LogRecord, type Lsn, type RunManifest, type UpcastFault } from "@refold/core";

import type { ReplayFault } from "./replay-report.ts";

/** Brings recorded payloads to the versions that the event types of a flow have now. */
export class RecordedTypes {
  /** By the recorded type id: the version on record and the type now, of those that differ. */
  readonly #older: ReadonlyMap<number, { readonly version: number; readonly type: EventType<unknown> }>;

  constructor({ types: recorded }: RunManifest, types: readonly EventType<unknown>[]) {
    this.#older = new Map(
      recorded.flatMap(({ name, version }, id) => {
        const type = types.find((known) => known.name === name);
        return type === undefined || type.version === version ? [] : [[id, { version, type }]];
      }),
    );
  }

  /** Whether any payload is brought to another version. */
  get upcasts(): boolean {
    return this.#older.size > 0;
  }

  /** The records of a frame with their payloads as of now, or why one of them cannot be brought there. */
  upcast(
    records: readonly LogRecord[],
    lsn: Lsn,
  ): readonly LogRecord[] | Extract<ReplayFault, { kind: "upcast-failed" }> {
    if (!this.upcasts) return records;
    const now: LogRecord[] = [];
    for (const record of records) {
      const older = record.kind === "data" ? this.#older.get(record.type) : undefined;
      if (record.kind !== "data") {
        now.push(record);
        continue;
      }
      // Where one payload is brought to another version, the one that was passed on may be kept as it was, so each is its own.
      const { payloadOf: _, ...whole } = record;
      if (older === undefined) {
        now.push(whole);
        continue;
      }
      const { version, type } = older;
      const upcasted = upcast(type, version, record.payload);
      if (upcasted.isErr()) {
        return {
          kind: "upcast-failed",
          lsn,
          type: type.name,
          from: version,
          to: type.version,
          detail: detailOf(upcasted.error),
        };
      }
      now.push({ ...whole, payload: upcasted.value });
    }
    return now;
  }
}

/** Why payloads of a recorded version cannot be brought to the one that a type has now, in a sentence; if they cannot. */
export function versionProblem(type: EventType<unknown>, recorded: number): string | undefined {
  const { name, version, upcasters } = type;
  if (recorded > version) {
    return `Event type "${name}" is on record in version ${recorded}, which is later than version ${version} of the flow.`;
  }
  for (let from = recorded; from < version; from++) {
    if (!upcasters.has(from)) {
      return `Event type "${name}" is on record in version ${recorded}, but the flow has version ${version}, and no upcaster from version ${from}.`;
    }
  }
  return undefined;
}

function detailOf(fault: UpcastFault): string {
  switch (fault.kind) {
    case "no-upcaster":
      return `there is no upcaster from version ${fault.from}`;
    case "written-by-later-version":
      return `it was written by version ${fault.from}`;
    case "upcaster-threw":
      return `the upcaster from version ${fault.from} threw: ${fault.cause instanceof Error ? fault.cause.message : String(fault.cause)}`;
  }
}
