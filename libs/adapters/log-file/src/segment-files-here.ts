import { denoSegmentFiles } from "./deno-segment-files.ts";
import { nodeSegmentFiles } from "./node-segment-files.ts";
import type { SegmentFiles } from "./segment-files.ts";

/** How the runtime that runs this opens segments for writing. */
export function segmentFiles(): SegmentFiles {
  return denoSegmentFiles() ?? nodeSegmentFiles;
}
