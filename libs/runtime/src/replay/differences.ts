import { describeValue } from "./describe-value.ts";
import { sameBytes } from "./same-bytes.ts";

/** Where two payloads differ, with both sides as short text. */
export interface Difference {
  readonly path: string;
  readonly recorded: string;
  readonly recomputed: string;
}

const MAX_DIFFERENCES = 20;
/** Deeper than anything that can be on record. */
const MAX_DEPTH = 1_000;

/**
 * Where two values differ, up to a limit; the order of an object's keys does not count. What is too deep to be on record, or
 * throws when it is read, counts as different.
 */
export function differences(recorded: unknown, recomputed: unknown): readonly Difference[] {
  const found: Difference[] = [];
  try {
    compare(recorded, recomputed, "$", found);
  } catch {
    found.push({ path: "$", recorded: describeValue(recorded), recomputed: describeValue(recomputed) });
  }
  return found;
}

function compare(a: unknown, b: unknown, path: string, found: Difference[], depth: number = 0): void {
  if (Object.is(a, b) || found.length >= MAX_DIFFERENCES) return;
  if (!isComposite(a) || !isComposite(b) || kindOf(a) !== kindOf(b) || depth > MAX_DEPTH) {
    found.push({ path, recorded: describeValue(a), recomputed: describeValue(b) });
    return;
  }
  if (a instanceof Uint8Array || a instanceof Date) {
    if (!sameAtom(a, b)) found.push({ path, recorded: describeValue(a), recomputed: describeValue(b) });
  } else if (Array.isArray(a) && Array.isArray(b)) compareItems(a, b, path, found, depth + 1);
  else if (a instanceof Map && b instanceof Map)
    compareItems([...a].flat(), [...b].flat(), `${path}.entries`, found, depth + 1);
  else if (a instanceof Set && b instanceof Set) compareItems([...a], [...b], `${path}.values`, found, depth + 1);
  else compareFields(a as Record<string, unknown>, b as Record<string, unknown>, path, found, depth + 1);
}

function compareItems(
  a: readonly unknown[],
  b: readonly unknown[],
  path: string,
  found: Difference[],
  depth: number,
): void {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (i >= a.length) found.push({ path: `${path}[${i}]`, recorded: "(none)", recomputed: describeValue(b[i]) });
    else if (i >= b.length) found.push({ path: `${path}[${i}]`, recorded: describeValue(a[i]), recomputed: "(none)" });
    else compare(a[i], b[i], `${path}[${i}]`, found, depth);
    if (found.length >= MAX_DIFFERENCES) return;
  }
}

function compareFields(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
  path: string,
  found: Difference[],
  depth: number,
): void {
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const at = `${path}.${key}`;
    if (!Object.hasOwn(a, key)) found.push({ path: at, recorded: "(none)", recomputed: describeValue(b[key]) });
    else if (!Object.hasOwn(b, key)) found.push({ path: at, recorded: describeValue(a[key]), recomputed: "(none)" });
    else compare(a[key], b[key], at, found, depth);
    if (found.length >= MAX_DIFFERENCES) return;
  }
}

function isComposite(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function sameAtom(a: Uint8Array | Date, b: object): boolean {
  if (a instanceof Date) return b instanceof Date && Object.is(a.getTime(), b.getTime());
  return b instanceof Uint8Array && sameBytes(a, a.length, b);
}
