import type { StandardSchemaV1 } from "@standard-schema/spec";
import { err, ok, type Result } from "neverthrow";

/** Turns a payload of one version into that of the next. Pure. */
export type Upcaster = (payload: unknown) => unknown;

/**
 * What a stage emits: a name and a version that go on record, and what is known about payloads of that name.
 * `T` is the payload of the present version.
 */
export interface EventType<T> {
  readonly name: string;
  /** A whole number from 1; raise it when the shape of the payload changes. */
  readonly version: number;
  /** Checks payloads where an edge asks for it. Any library of the Standard Schema kind will do. */
  readonly schema: StandardSchemaV1<unknown, T> | undefined;
  /** By the version they read; each leads to the version after it. */
  readonly upcasters: ReadonlyMap<number, Upcaster>;
}

export interface EventTypeOptions<T> {
  readonly version?: number;
  readonly schema?: StandardSchemaV1<unknown, T>;
  /** By the version they read: `{ 1: (v1) => v2, 2: (v2) => v3 }`. */
  readonly upcast?: Readonly<Record<number, Upcaster>>;
}

/** The payload of an event type. */
export type PayloadOf<E> = E extends EventType<infer T> ? T : never;

export type EventTypeFault =
  | { readonly kind: "bad-type-name"; readonly name: string }
  | { readonly kind: "bad-type-version"; readonly name: string; readonly version: number }
  | { readonly kind: "bad-upcaster"; readonly name: string; readonly from: number; readonly version: number };

/** Declares an event type. A bad name or version is shown when the flow is built, with all its other faults. */
export function eventType<T>(name: string, options: EventTypeOptions<T> = {}): EventType<T> {
  const upcasters = new Map(Object.entries(options.upcast ?? {}).map(([from, upcast]) => [Number(from), upcast]));
  return { name, version: options.version ?? 1, schema: options.schema, upcasters };
}

/** What is wrong with the declaration of a type; nothing is when the list is empty. */
export function checkEventType(type: EventType<unknown>): readonly EventTypeFault[] {
  const faults: EventTypeFault[] = [];
  const { name, version } = type;
  if (name.trim() === "") faults.push({ kind: "bad-type-name", name });
  if (!Number.isSafeInteger(version) || version < 1) faults.push({ kind: "bad-type-version", name, version });
  for (const from of type.upcasters.keys()) {
    if (!Number.isSafeInteger(from) || from < 1 || from >= version) {
      faults.push({ kind: "bad-upcaster", name, from, version });
    }
  }
  return faults;
}

export type UpcastFault =
  | { readonly kind: "no-upcaster"; readonly type: string; readonly from: number; readonly to: number }
  | { readonly kind: "written-by-later-version"; readonly type: string; readonly from: number; readonly to: number }
  | { readonly kind: "upcaster-threw"; readonly type: string; readonly from: number; readonly cause: unknown };

/** Brings a recorded payload of version `from` to the type's present version, step by step. */
export function upcast(type: EventType<unknown>, from: number, payload: unknown): Result<unknown, UpcastFault> {
  const to = type.version;
  if (from > to) return err({ kind: "written-by-later-version", type: type.name, from, to });
  let value = payload;
  for (let version = from; version < to; version++) {
    const step = type.upcasters.get(version);
    if (step === undefined) return err({ kind: "no-upcaster", type: type.name, from: version, to });
    try {
      value = step(value);
    } catch (cause) {
      return err({ kind: "upcaster-threw", type: type.name, from: version, cause });
    }
  }
  return ok(value);
}
