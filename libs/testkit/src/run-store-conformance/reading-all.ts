import { RecordDecoder, type FrameDraft, type Lsn, type RunReader, type StoredFrame } from "@refold/core";

import { check, equal, valueOf } from "../conformance/expect.ts";

/** All frames from `from` on. */
export async function framesOf(reader: RunReader, from = 0): Promise<StoredFrame[]> {
  const frames: StoredFrame[] = [];
  for await (const batch of reader.read(from as Lsn)) {
    const read = valueOf(batch);
    check(read.length > 0, "a batch has one frame or more");
    frames.push(...read);
  }
  return frames;
}

export function lsnsOf(frames: readonly StoredFrame[]): number[] {
  return frames.map((frame) => frame.lsn);
}

/** The lsns from `from` up to, and without, `to`. */
export function lsnRange(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

/** That the frames are those that were appended, in their order, densely numbered from `from` on. */
export function equalFrames(frames: readonly StoredFrame[], drafts: readonly FrameDraft[], from = 0): void {
  equal(lsnsOf(frames), lsnRange(from, from + drafts.length), "the lsns");
  const decoder = new RecordDecoder();
  for (const [index, frame] of frames.entries()) {
    const draft = drafts[index] as FrameDraft;
    equal(frame.lane, draft.lane, `the lane of frame ${index}`);
    equal(frame.timeMs, draft.timeMs, `the time of frame ${index}`);
    equal(frame.firstSeq, draft.firstSeq, `the first seq of frame ${index}`);
    equal(frame.count, draft.records.length, `the number of records of frame ${index}`);
    equal(valueOf(decoder.decode(frame.body)), draft.records, `the records of frame ${index}`);
  }
}
