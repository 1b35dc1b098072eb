/** Where two payloads differ, with both sides as short text. */
export interface Difference {
  readonly path: string;
  readonly recorded: string;
  readonly recomputed: string;
}

const MAX_DIFFERENCES = 20;
const MAX_TEXT = 120;

/** Where two storable values differ, up to a limit; the order of an object's keys does not count. */
export function differences(recorded: unknown, recomputed: unknown): readonly Difference[] {
  const found: Difference[] = [];
  compare(recorded, recomputed, "$", found);
  return found;
}

function compare(a: unknown, b: unknown, path: string, found: Difference[]): void {
  if (Object.is(a, b) || found.length >= MAX_DIFFERENCES) return;
  if (!isComposite(a) || !isComposite(b) || kindOf(a) !== kindOf(b)) {
    found.push({ path, recorded: describe(a), recomputed: describe(b) });
    return;
  }
  if (Array.isArray(a) && Array.isArray(b)) compareItems(a, b, path, found);
  else if (a instanceof Uint8Array || a instanceof Date) {
    if (describe(a, Number.POSITIVE_INFINITY) !== describe(b, Number.POSITIVE_INFINITY)) {
      found.push({ path, recorded: describe(a), recomputed: describe(b) });
    }
  } else if (a instanceof Map && b instanceof Map) compareItems([...a].flat(), [...b].flat(), `${path}.entries`, found);
  else if (a instanceof Set && b instanceof Set) compareItems([...a], [...b], `${path}.values`, found);
  else compareFields(a as Record<string, unknown>, b as Record<string, unknown>, path, found);
}

function compareItems(a: readonly unknown[], b: readonly unknown[], path: string, found: Difference[]): void {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (i >= a.length) found.push({ path: `${path}[${i}]`, recorded: "(none)", recomputed: describe(b[i]) });
    else if (i >= b.length) found.push({ path: `${path}[${i}]`, recorded: describe(a[i]), recomputed: "(none)" });
    else compare(a[i], b[i], `${path}[${i}]`, found);
    if (found.length >= MAX_DIFFERENCES) return;
  }
}

function compareFields(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
  path: string,
  found: Difference[],
): void {
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const at = `${path}.${key}`;
    if (!Object.hasOwn(a, key)) found.push({ path: at, recorded: "(none)", recomputed: describe(b[key]) });
    else if (!Object.hasOwn(b, key)) found.push({ path: at, recorded: describe(a[key]), recomputed: "(none)" });
    else compare(a[key], b[key], at, found);
    if (found.length >= MAX_DIFFERENCES) return;
  }
}

function isComposite(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function describe(value: unknown, limit: number = MAX_TEXT): string {
  const text = full(value);
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

function full(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (value instanceof Uint8Array)
    return `bytes ${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  if (value instanceof Map) return `Map ${full([...value])}`;
  if (value instanceof Set) return `Set ${full([...value])}`;
  if (Array.isArray(value)) return `[${value.map(full).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key}: ${full(inner)}`)
      .join(", ")} }`;
  }
  return String(value);
}
