import { denoSegmentFiles } from "./deno-segment-files.ts";
import { nodeSegmentFiles } from "./node-segment-files.ts";
import { runFiles } from "./run-files.ts";
import type { SegmentFiles } from "./segment-files.ts";

/** How the runtime that runs this writes to the files of a run. */
export function segmentFiles(): SegmentFiles {
  return { ...runFiles, ...(denoSegmentFiles() ?? nodeSegmentFiles) };
}
