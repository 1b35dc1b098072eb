import type { StorageFault } from "@refold/core";

/** What the operating system refused, as a fault of the port. */
export function storageFault(operation: string, path: string, cause: unknown): StorageFault {
  return { kind: "storage", operation, path, cause };
}

/** Whether the cause is the named error of the operating system, such as `ENOENT`. */
export function isSystemError(cause: unknown, code: string): boolean {
  return cause instanceof Error && (cause as Error & { readonly code?: unknown }).code === code;
}
