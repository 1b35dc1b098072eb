import { MAX_PAYLOAD_DEPTH } from "@refold/core";

/** Freezes a payload and all plain objects and arrays within, so that whoever changes it later fails at once. */
export function deepFreeze(value: unknown, depth: number = 0): void {
  // Bytes cannot be frozen.
  if (typeof value !== "object" || value === null || depth > MAX_PAYLOAD_DEPTH || ArrayBuffer.isView(value)) return;
  // What is frozen may hold what is not.
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner, depth + 1);
}

/**
 * Whether nobody can change a payload, nor anything within it. Bytes, dates, maps and sets can be changed even when they are
 * frozen.
 */
export function isDeeplyFrozen(value: unknown, depth: number = 0): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth > MAX_PAYLOAD_DEPTH || !Object.isFrozen(value)) return false;
  if (ArrayBuffer.isView(value) || value instanceof Date || value instanceof Map || value instanceof Set) return false;
  return Object.values(value).every((inner) => isDeeplyFrozen(inner, depth + 1));
}
