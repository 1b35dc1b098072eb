import { MAX_PAYLOAD_DEPTH } from "@refold/core";

/** Freezes a payload and all plain objects and arrays within, so that whoever changes it later fails at once. */
export function deepFreeze(value: unknown, depth: number = 0): void {
  if (typeof value !== "object" || value === null || depth > MAX_PAYLOAD_DEPTH) return;
  // Bytes cannot be frozen, and what is frozen was frozen with all within.
  if (ArrayBuffer.isView(value) || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner, depth + 1);
}
