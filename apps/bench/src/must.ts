import type { Result } from "neverthrow";

/** The value. A fault ends the measurement: its figures would mean nothing. */
export function must<T>(result: Result<T, unknown>): T {
  if (result.isErr()) throw new Error("a fault during a measurement", { cause: result.error });
  return result.value;
}
