import { runStoreConformance, type FailingRunStore } from "@refold/testkit";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";

import { FailingSegmentFiles } from "./failing-segment-files.ts";
import { FileStore } from "./file-store.ts";
import { segmentFiles } from "./segment-files-here.ts";

for (const [size, segmentBytes] of [
  ["large", 64 * 1024 * 1024],
  ["small", 300],
] as const) {
  runStoreConformance({
    name: `fileStore with ${size} segments`,
    runner: { describe, it },
    open: async () => open(segmentBytes),
    profiles: { bounded: true, failing: async () => open(segmentBytes) },
  });
}

function open(segmentBytes: number): FailingRunStore {
  const directory = mkdtempSync(join(tmpdir(), "refold-file-store-"));
  const files = new FailingSegmentFiles(segmentFiles());
  return {
    store: new FileStore({ directory, segmentBytes }, files),
    reopen: async () => new FileStore({ directory, segmentBytes }, segmentFiles()),
    dispose: async () => rmSync(directory, { recursive: true }),
    fail(cause) {
      files.cause ??= cause;
    },
  };
}
