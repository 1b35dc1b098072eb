import { closeSync, fsyncSync, openSync } from "node:fs";

/** Makes names that were added to, or removed from, a directory outlive a power failure. */
export function syncDirectory(path: string): void {
  // Windows neither needs nor allows it.
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
