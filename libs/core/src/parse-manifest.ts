import { err, ok, type Result } from "neverthrow";

import { MAX_LANES } from "./limits.ts";
import { SYSTEM_LANE_NAME, type RunId } from "./place.ts";
import type { ManifestFault } from "./run-log.ts";
import { FORMAT_VERSION, type RunManifest, type TypeVersion } from "./run-manifest.ts";

/** Reads a manifest from JSON text, field by field. `location` is only for the fault. */
export function parseManifest(text: string, location: string): Result<RunManifest, ManifestFault> {
  const malformed = (detail: string): Result<never, ManifestFault> =>
    err({ kind: "manifest-malformed", location, detail });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return malformed(text.trim() === "" ? "it is empty" : "it is not JSON, or it is cut off");
  }
  if (!isObject(json)) return malformed("it is not an object");
  const format = json["format"];
  if (format === undefined) return malformed("`format` is missing");
  if (typeof format !== "number" || !Number.isSafeInteger(format)) return malformed("`format` is not a whole number");
  if (format > FORMAT_VERSION) {
    return err({ kind: "later-format", location, format, supported: FORMAT_VERSION });
  }
  const problem = firstProblem(json);
  if (problem !== undefined) return malformed(problem);
  // Every field was checked by `firstProblem`.
  return ok(json as unknown as RunManifest);
}

/** A run id as Refold makes them: a uuid in lower case. */
export function isRunId(text: string): text is RunId {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

function firstProblem(json: Readonly<Record<string, unknown>>): string | undefined {
  for (const [field, holds, expected] of FIELDS) {
    const value = json[field];
    if (!holds(value)) return value === undefined ? `\`${field}\` is missing` : `\`${field}\` is not ${expected}`;
  }
  return undefined;
}

const runId = (value: unknown): boolean => typeof value === "string" && isRunId(value);

const FIELDS: readonly (readonly [field: string, holds: (value: unknown) => boolean, expected: string])[] = [
  ["format", (value) => value === FORMAT_VERSION, `format ${FORMAT_VERSION}`],
  ["runId", runId, "a run id"],
  ["flow", (value) => typeof value === "string" && value !== "", "a name"],
  ["createdAtMs", isTime, "a time in milliseconds"],
  ["durability", (value) => value === "buffered" || value === "durable" || value === "strict", "a durability level"],
  ["lanes", isLanes, `a list of at most ${MAX_LANES} lane names that begins with "${SYSTEM_LANE_NAME}"`],
  ["types", (value) => Array.isArray(value) && value.every(isTypeVersion), "a list of event types with their versions"],
  ["reads", (value) => value === undefined || (Array.isArray(value) && value.every(isPartialRead)), "a list of reads"],
  ["topology", isObject, "a topology"],
  ["fingerprint", (value) => typeof value === "string", "text"],
  ["rootRunId", runId, "a run id"],
  ["replayOf", (value) => value === undefined || runId(value), "a run id"],
  ["forkOf", (value) => value === undefined || isFork(value), "a run id with a number of frames"],
  ["configuration", (value) => value === undefined || isListOfObjects(value), "a list of objects"],
  ["source", (value) => value === undefined || isSource(value), "a path with its sha256"],
];

function isLanes(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= MAX_LANES &&
    value[0] === SYSTEM_LANE_NAME &&
    value.every((name) => typeof name === "string" && name !== "") &&
    new Set(value).size === value.length
  );
}

function isTypeVersion(value: unknown): value is TypeVersion {
  if (!isObject(value)) return false;
  const { name, version } = value;
  return typeof name === "string" && name !== "" && Number.isSafeInteger(version) && (version as number) >= 1;
}

function isPartialRead(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { reader, from, types, errors } = value;
  const numbers: readonly unknown[] = Array.isArray(types) ? [reader, from, ...(types as unknown[])] : [reader, from];
  const isNumbered = numbers.every((number) => Number.isSafeInteger(number) && (number as number) >= 0);
  return isNumbered && (types === undefined || Array.isArray(types)) && typeof errors === "boolean";
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(new Date(value).getTime());
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject);
}

function isSource(value: unknown): boolean {
  return isObject(value) && typeof value["path"] === "string" && typeof value["sha256"] === "string";
}

function isFork(value: unknown): boolean {
  return isObject(value) && runId(value["runId"]) && Number.isSafeInteger(value["at"]) && (value["at"] as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
