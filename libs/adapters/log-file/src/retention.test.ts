import { RecordDecoder, type FrameDraft, type Lsn, type RetainMode, type RunReader } from "@refold/core";
import { sampleFrame, sampleManifest, sampleRunId } from "@refold/testkit";
import fc from "fast-check";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { MortalFiles } from "../test-support/mortal-files.ts";
import { FileStore, fileStore } from "./file-store.ts";

const FRAMES = 12;

let root: string;
let directory: string;
let run: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "refold-retention-"));
});

afterAll(() => rmSync(root, { recursive: true }));

beforeEach(() => {
  directory = mkdtempSync(join(root, "store-"));
  run = join(directory, "orders", sampleRunId(1));
});

/** Writes two frames to a segment, and lets go of those before `from`. */
async function writeAndRetain(from: number, how: RetainMode): Promise<void> {
  const log = (await fileStore({ directory, segmentBytes: 400 }).create(sampleManifest(1)))._unsafeUnwrap();
  for (let n = 0; n < FRAMES; n++) {
    const position = log.append(sampleFrame(1, n, "x".repeat(150)))._unsafeUnwrap();
    (await log.whenSafe(position))._unsafeUnwrap();
  }
  const retained = (await log.retain(from as Lsn, how))._unsafeUnwrap();
  const first = from - (from % 2);
  expect(retained).toMatchObject({ first, frames: first, segments: first / 2 });
  await log.close();
}

function segments(where = run): string[] {
  return readdirSync(where)
    .filter((name) => name.endsWith(".seg"))
    .sort();
}

describe("segments that were let go of", () => {
  it("are put into the archive, and removed when they are to be dropped", async () => {
    await writeAndRetain(7, "archive");
    expect(segments()).toEqual(["00000004.seg", "00000005.seg", "00000006.seg"]);
    expect(segments(join(run, "archive"))).toEqual(["00000001.seg", "00000002.seg", "00000003.seg"]);
    const log = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
    (await log.retain(9 as Lsn, "drop"))._unsafeUnwrap();
    await log.close();
    expect([segments(), segments(join(run, "archive"))]).toMatchObject([{ length: 2 }, { length: 3 }]);
  });

  it("make the log whole again when they are brought back", async () => {
    await writeAndRetain(7, "archive");
    for (const name of segments(join(run, "archive"))) renameSync(join(run, "archive", name), join(run, name));
    rmSync(join(run, "retention.json"));
    const log = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
    expect([log.first, (await framesIn(log)).length]).toEqual([0, FRAMES]);
    await log.close();
  });

  it("are damage when nothing on disk says that they may be missing", async () => {
    await writeAndRetain(7, "drop");
    rmSync(join(run, "retention.json"));
    const fault = { kind: "damaged", segment: "00000001.seg", lsn: 0, detail: "the segment is missing" };
    expect((await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrapErr()).toMatchObject(fault);
  });

  it("are damage from the first on that is to be there", async () => {
    await writeAndRetain(7, "drop");
    rmSync(join(run, "00000004.seg"));
    const fault = { kind: "damaged", segment: "00000004.seg", lsn: 6, detail: "the segment is missing" };
    expect((await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrapErr()).toMatchObject(fault);
  });

  it("are not known when the file that tells of them was changed, which is refused by name", async () => {
    await writeAndRetain(7, "drop");
    const path = join(run, "retention.json");
    const good = JSON.parse(readFileSync(path, "utf8")) as object;
    for (const bad of ["", "[]", "{", { ...good, segment: 0 }, { ...good, first: -1 }, { ...good, how: "lose" }]) {
      writeFileSync(path, typeof bad === "string" ? bad : JSON.stringify(bad));
      const fault = { kind: "damaged", segment: "retention.json" };
      expect((await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrapErr()).toMatchObject(fault);
      expect((await fileStore({ directory }).open(sampleRunId(1)))._unsafeUnwrapErr()).toMatchObject(fault);
    }
    for (const other of [
      { ...good, first: 4 },
      { ...good, chain: 1 },
    ]) {
      writeFileSync(path, JSON.stringify(other));
      rmSync(join(run, "safe.json"), { force: true });
      const fault = { kind: "damaged", segment: "00000004.seg" };
      expect((await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrapErr()).toMatchObject(fault);
    }
  });
});

type Move =
  | { readonly kind: "append"; readonly bytes: number }
  | { readonly kind: "wait" }
  | { readonly kind: "retain"; readonly back: number; readonly how: RetainMode }
  | { readonly kind: "kill"; readonly after: number };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("append" as const), bytes: fc.nat(300) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("retain" as const),
        back: fc.nat(12),
        how: fc.constantFrom("archive" as const, "drop" as const),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("kill" as const), after: fc.nat(14) }) },
  ),
  { minLength: 5, maxLength: 60 },
);

it("holds all frames from the first on, and no others, wherever it was killed while it let go of some", async () => {
  let begun = 0;
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(
      moves,
      fc.integer({ min: 60, max: 900 }),
      fc.constantFrom("buffered" as const, "durable" as const),
      async (sequence, segmentBytes, durability) => {
        const here = mkdtempSync(join(root, "killed-"));
        let files = new MortalFiles();
        const store = (): FileStore => new FileStore({ directory: here, segmentBytes }, files);
        let log = (await store().create(sampleManifest(1, { durability })))._unsafeUnwrap();
        let model: FrameDraft[] = [];
        /** What was told to be safe, and the first frame that has to be there whatever happened. */
        let safe = 0;
        let least = 0;
        let most = 0;
        const since = { safe: 0 };
        for (const move of [...sequence, { kind: "kill", after: 0 } as const]) {
          if (move.kind === "append") {
            const frame = sampleFrame(1, model.length, new Uint8Array(move.bytes).fill(model.length));
            if (log.append(frame).isOk()) model.push(frame);
          } else if (move.kind === "wait") {
            const position = model.length - since.safe;
            if (position > 0 && (await log.whenSafe(position as never)).isOk()) safe = model.length;
          } else if (move.kind === "retain") {
            const from = Math.max(0, model.length - move.back);
            most = Math.max(most, from);
            begun++;
            const retained = await log.retain(from as Lsn, move.how);
            if (retained.isErr()) continue;
            ended++;
            expect(retained.value.first).toBeLessThanOrEqual(most);
            least = Math.max(least, retained.value.first);
          } else if (move.after > 0) {
            files.lifetime = move.after;
          } else {
            files.lifetime = 0;
            await log.close();
            files = new MortalFiles();
            log = (await store().resume(sampleRunId(1)))._unsafeUnwrap();
            expect(log.first).toBeGreaterThanOrEqual(least);
            expect(log.first).toBeLessThanOrEqual(most);
            const kept = await framesIn(log);
            const end = log.first + kept.length;
            expect(end).toBeGreaterThanOrEqual(safe);
            model = model.slice(0, end);
            expect(kept).toEqual(summary(model).slice(log.first));
            const where = join(here, "orders", sampleRunId(1));
            if (log.first > 0) expect(existsSync(join(where, "00000001.seg"))).toBe(false);
            least = log.first;
            safe = since.safe = model.length;
          }
        }
        await log.close();
        rmSync(here, { recursive: true });
      },
    ),
    { numRuns: 80 },
  );
  // The kills come in the middle often enough to say something.
  expect(begun).toBeGreaterThan(ended);
  expect(ended).toBeGreaterThan(0);
}, 120_000);

async function framesIn(reader: RunReader): Promise<unknown[]> {
  const decoder = new RecordDecoder();
  const read: unknown[] = [];
  for await (const batch of reader.read(reader.first)) {
    for (const { lsn, lane, firstSeq, body } of batch._unsafeUnwrap()) {
      read.push([lsn, lane, firstSeq, decoder.decode(body)._unsafeUnwrap()]);
    }
  }
  return read;
}

function summary(model: readonly FrameDraft[]): unknown[] {
  return model.map(({ lane, firstSeq, records }, lsn) => [lsn, lane, firstSeq, records]);
}
