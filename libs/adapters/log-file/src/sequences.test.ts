import { RecordDecoder, type FrameDraft, type Lsn, type Position, type RunLog, type RunReader } from "@refold/core";
import { sampleFrame, sampleManifest, sampleRunId } from "@refold/testkit";
import fc from "fast-check";
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { fileStore } from "./file-store.ts";

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "refold-sequences-"));
});

afterAll(() => rmSync(root, { recursive: true }));

type Move =
  | { readonly kind: "append"; readonly lane: number; readonly bytes: number }
  | { readonly kind: "wait" }
  | { readonly kind: "restart"; readonly cut: number };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("append" as const), lane: fc.nat(5), bytes: fc.nat(400) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), cut: fc.nat(300) }) },
  ),
  { maxLength: 60 },
);

it("holds a prefix of what was appended, whole, however it was written, cut and resumed", async () => {
  await fc.assert(
    fc.asyncProperty(moves, fc.integer({ min: 60, max: 3000 }), async (sequence, segmentBytes) => {
      const directory = mkdtempSync(join(root, "store-"));
      const store = fileStore({ directory, segmentBytes });
      let log: RunLog = (await store.create(sampleManifest(1, { durability: "buffered" })))._unsafeUnwrap();
      let model: FrameDraft[] = [];
      let position = 0 as Position;
      for (const move of sequence) {
        if (move.kind === "append") {
          const frame = sampleFrame(move.lane, model.length, new Uint8Array(move.bytes).fill(model.length));
          position = log.append(frame)._unsafeUnwrap();
          model.push(frame);
        } else if (move.kind === "wait") {
          (await log.whenSafe(position))._unsafeUnwrap();
        } else {
          await log.close();
          const lost = cutLastSegment(directory, move.cut);
          log = (await store.resume(sampleRunId(1)))._unsafeUnwrap();
          position = 0 as Position;
          const kept = await framesIn(log);
          if (!lost) expect(kept).toHaveLength(model.length);
          model = model.slice(0, kept.length);
          expect(kept).toEqual(summary(model));
        }
      }
      await log.close();
      const reader = (await store.open(sampleRunId(1)))._unsafeUnwrap();
      expect([reader.tornTail, await framesIn(reader)]).toEqual([undefined, summary(model)]);
      rmSync(directory, { recursive: true });
    }),
    { numRuns: 60 },
  );
}, 60_000);

/** Cuts so many bytes from the end of the log; of the first segment, not its header. Whether anything was cut. */
function cutLastSegment(directory: string, bytes: number): boolean {
  const run = join(directory, "orders", sampleRunId(1));
  const segments = readdirSync(run).filter((name) => name.endsWith(".seg"));
  const last = join(run, segments.at(-1) as string);
  const size = statSync(last).size;
  truncateSync(last, Math.max(segments.length === 1 ? 48 : 0, size - bytes));
  return bytes > 0;
}

async function framesIn(reader: RunReader): Promise<unknown[]> {
  const decoder = new RecordDecoder();
  const read: unknown[] = [];
  for await (const batch of reader.read(0 as Lsn)) {
    for (const { lsn, lane, firstSeq, body } of batch._unsafeUnwrap()) {
      read.push([lsn, lane, firstSeq, decoder.decode(body)._unsafeUnwrap()]);
    }
  }
  return read;
}

function summary(model: readonly FrameDraft[]): unknown[] {
  return model.map(({ lane, firstSeq, records }, lsn) => [lsn, lane, firstSeq, records]);
}
