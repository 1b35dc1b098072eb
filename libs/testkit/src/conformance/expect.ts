import type { Result } from "neverthrow";

/** Thrown when a store does not keep a promise. */
class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}

export function check(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new ConformanceError(promise);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!same(actual, expected)) throw new ConformanceError(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

export function valueOf<T>(result: Result<T, unknown>): T {
  if (result.isErr()) throw new ConformanceError(`refused: ${show(result.error)}`);
  return result.value;
}

/** The fault of a refusal, which must be of the given kind. */
export function faultOf<F extends { readonly kind: string }, K extends F["kind"]>(
  result: Result<unknown, F>,
  kind: K,
): Extract<F, { readonly kind: K }> {
  check(result.isErr(), `it was not refused, with ${kind}`);
  equal(result.error.kind, kind, "the kind of the fault");
  // The kind was compared just above.
  return result.error as Extract<F, { readonly kind: K }>;
}

/** Equal as payloads are: by value, in the order of maps and sets, with NaN and -0 told apart from other numbers. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (a instanceof Uint8Array) return sameBytes(a, b as Uint8Array);
  if (Array.isArray(a)) return sameItems(a, b as unknown[]);
  if (a instanceof Map) return sameItems([...a.entries()], [...(b as Map<unknown, unknown>).entries()]);
  if (a instanceof Set) return sameItems([...a], [...(b as Set<unknown>)]);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) => Object.hasOwn(b, key) && same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
  return true;
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === "bigint" || part instanceof Error ? String(part) : part,
  ) as string | undefined;
  if (text === undefined) return String(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
