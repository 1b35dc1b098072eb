import type { FrameDraft, Lsn, OpenFault, ReadFault, RunReader } from "@refold/core";
import { sampleFrame, sampleManifest, sampleRunId } from "@refold/testkit";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { fileStore } from "./file-store.ts";
import { FRAME_HEADER_BYTES } from "./frame-format.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-header.ts";

const WRITES: readonly (readonly FrameDraft[])[] = [
  [sampleFrame(1, 0, "one")],
  [sampleFrame(1, 1, { two: [2] }), sampleFrame(2, 0, 3), sampleFrame(0, 0)],
  [sampleFrame(2, 1, "five"), sampleFrame(1, 2, "six", "seven")],
];
const FRAMES = WRITES.flat().length;

let root: string;
let pristine: string;
let directory: string;
let run: string;
let first: string;
/** Where the frames of the pristine segment begin, and where the last ends. */
let places: number[];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "refold-damage-"));
  pristine = join(root, "pristine");
  await write(pristine, WRITES, 1);
  const bytes = readFileSync(join(runPath(pristine), "00000001.seg"));
  places = [SEGMENT_HEADER_BYTES];
  while ((places.at(-1) as number) < bytes.length) {
    const at = places.at(-1) as number;
    places.push(at + bytes.readUInt32BE(at));
  }
  expect(places).toHaveLength(FRAMES + 1);
});

afterAll(() => rmSync(root, { recursive: true }));

beforeEach(() => {
  directory = mkdtempSync(join(root, "run-"));
  cpSync(pristine, directory, { recursive: true });
  run = runPath(directory);
  first = join(run, "00000001.seg");
});

describe("a segment that was cut short", () => {
  it("shows none of the frame that was cut, at every byte, and goes on after a resume", async () => {
    const size = places.at(-1) as number;
    for (let cut = SEGMENT_HEADER_BYTES; cut < size; cut++) {
      if (cut % 2 === 0) forgetSafe(directory);
      copyFileSync(join(runPath(pristine), "00000001.seg"), first);
      truncateSync(first, cut);
      const whole = places.filter((place) => place <= cut).length - 1;
      const end = places[whole] as number;
      const tornTail = cut === end ? undefined : { segment: "00000001.seg", offset: end, bytes: cut - end };
      const reader = await opened();
      expect([reader.tornTail, await lsns(reader)]).toEqual([tornTail, range(0, whole)]);
      expect((await reader.last())._unsafeUnwrap()?.lsn).toBe(whole === 0 ? undefined : whole - 1);

      // A resume syncs, which takes its time: not at every byte, but at all that are near the ends of frames and headers.
      if (cut % 5 !== 0 && places.every((place) => cut < place - 1 || cut > place + FRAME_HEADER_BYTES)) continue;
      const log = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
      expect(log.tornTail).toEqual(tornTail);
      log.append(sampleFrame(1, 9, "after"))._unsafeUnwrap();
      await log.close();
      const again = await opened();
      expect([again.tornTail, await lsns(again)]).toEqual([undefined, range(0, whole + 1)]);
    }
  });

  it("does not cut the tail on opening", async () => {
    truncateSync(first, (places.at(-1) as number) - 1);
    const before = readFileSync(first);
    await lsns(await opened());
    expect(readFileSync(first)).toEqual(before);
  });

  it("cuts garbage after the last frame, zeros included", async () => {
    for (const garbage of [Buffer.alloc(1), Buffer.alloc(5000), Buffer.from("x".repeat(700)), Buffer.alloc(90, 255)]) {
      copyFileSync(join(runPath(pristine), "00000001.seg"), first);
      appendFileSync(first, garbage);
      const reader = await opened();
      expect(reader.tornTail).toEqual({ segment: "00000001.seg", offset: places.at(-1), bytes: garbage.length });
      expect(await lsns(reader)).toEqual(range(0, FRAMES));
    }
  });

  it("removes a segment that was begun and has no whole header", async () => {
    for (const size of [0, 1, SEGMENT_HEADER_BYTES - 1]) {
      writeFileSync(join(run, "00000002.seg"), readFileSync(first).subarray(0, size));
      const reader = await opened();
      expect(reader.tornTail).toEqual({ segment: "00000002.seg", offset: 0, bytes: size });
      expect(await lsns(reader)).toEqual(range(0, FRAMES));
      const log = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
      await log.close();
      expect(readdirSync(run).sort()).toEqual(["00000001.seg", "manifest.json", "safe.json"]);
    }
  });
});

describe("a segment with a changed byte", () => {
  it("is refused by place, or cut in its last frame, at every byte", async () => {
    const bytes = readFileSync(first);
    const lastFrame = places.at(-2) as number;
    for (const [resumes, maskAt] of [
      [true, () => 0xff],
      [false, (at: number) => 1 << (at % 8)],
    ] as const) {
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ maskAt(at);
        forgetSafe(directory);
        writeFileSync(first, changed);
        const hit = at < SEGMENT_HEADER_BYTES ? -1 : places.findLastIndex((place) => place <= at);
        const place = { segment: "00000001.seg", offset: hit < 0 ? 0 : places[hit], lsn: Math.max(hit, 0) };
        const reader = await opened();
        const [shown, fault] = await readAll(reader);
        expect(shown).toEqual(range(0, Math.max(hit, 0)));
        if (at >= lastFrame) expect([reader.tornTail?.offset, fault]).toEqual([lastFrame, undefined]);
        else
          expect([reader.tornTail, fault]).toEqual([undefined, expect.objectContaining({ kind: "damaged", ...place })]);
        if (!resumes) continue;
        const resumed = await fileStore({ directory }).resume(sampleRunId(1));
        if (resumed.isErr()) expect(resumed.error).toEqual(fault);
        else {
          expect([at >= lastFrame, resumed.value.tornTail]).toEqual([true, reader.tornTail]);
          await resumed.value.close();
        }
      }
    }
  }, 60_000);
});

describe("a log that was closed", () => {
  beforeEach(async () => {
    await (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap().close();
  });

  it("is refused by place when a byte of it changed, at every byte of its last frame", async () => {
    const bytes = readFileSync(first);
    for (let at = places.at(-2) as number; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      writeFileSync(first, changed);
      expect(await refusal()).toMatchObject({ kind: "damaged", offset: places.at(-2), lsn: FRAMES - 1 });
      expect((await opened()).tornTail).toBeUndefined();
    }
  });

  it("is refused when a byte changed in a last write that holds a sector of zeros of its own", async () => {
    const other = join(directory, "new");
    await write(other, [[sampleFrame(1, 0, new Uint8Array(2000)), sampleFrame(1, 1, "behind")]], 1);
    const flip = (): void => {
      const segment = join(runPath(other), "00000001.seg");
      const bytes = readFileSync(segment);
      bytes[SEGMENT_HEADER_BYTES + 70] = 1;
      writeFileSync(segment, bytes);
    };
    directory = other;
    await (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap().close();
    flip();
    expect(await refusal()).toMatchObject({ kind: "damaged", lsn: 0 });
  });

  it("goes on after what was added behind it", async () => {
    appendFileSync(first, Buffer.alloc(5000));
    const log = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
    expect([log.tornTail?.bytes, await lsns(log)]).toEqual([5000, range(0, FRAMES)]);
    await log.close();
  });

  it("is taken over without a look at segments that were complete, which reading checks", async () => {
    rmSync(directory, { recursive: true });
    const single = range(0, 12).map((n) => [sampleFrame(1, n, "x".repeat(150))]);
    await write(directory, single, 1, 400);
    await (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap().close();
    const second = join(run, "00000002.seg");
    const bytes = readFileSync(second);
    bytes[300] = (bytes[300] as number) ^ 1;
    writeFileSync(second, bytes);
    const log = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
    expect(await readAll(log)).toMatchObject([range(0, 3), { kind: "damaged", segment: "00000002.seg" }]);
    await log.close();
  });

  it("is checked whole when there is no mark, or one that is not of it", async () => {
    rmSync(directory, { recursive: true });
    const single = range(0, 12).map((n) => [sampleFrame(1, n, "x".repeat(150))]);
    await write(directory, single, 1, 400);
    await (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap().close();
    const second = join(run, "00000002.seg");
    const bytes = readFileSync(second);
    bytes[300] = (bytes[300] as number) ^ 1;
    writeFileSync(second, bytes);
    const mark = JSON.parse(readFileSync(join(run, "safe.json"), "utf8")) as { sizes: number[] };
    for (const other of [
      "",
      "7",
      "[]",
      "{",
      { ...mark, sizes: [] },
      { ...mark, sizes: mark.sizes.map((n) => n + 1) },
    ]) {
      writeFileSync(join(run, "safe.json"), typeof other === "string" ? other : JSON.stringify(other));
      expect(await refusal()).toMatchObject({ kind: "damaged", segment: "00000002.seg" });
    }
  });
});

describe("frames out of place", () => {
  const frame = (bytes: Buffer, n: number): Buffer => bytes.subarray(places[n], places[n + 1]);

  it.each([
    ["lost", [0, 1, 3, 4, 5], 2],
    ["lost at the beginning", [1, 2, 3, 4, 5], 0],
    ["repeated", [0, 1, 1, 2, 3, 4, 5], 2],
    ["repeated at the end", [0, 1, 2, 3, 4, 5, 5], 6],
    ["swapped", [0, 2, 1, 3, 4, 5], 1],
  ])("are refused: one %s", async (_, order, lsn) => {
    const bytes = readFileSync(first);
    const header = bytes.subarray(0, SEGMENT_HEADER_BYTES);
    writeFileSync(first, Buffer.concat([header, ...order.map((n) => frame(bytes, n))]));
    expect(await refusal()).toMatchObject({ kind: "damaged", segment: "00000001.seg", lsn });
  });

  it("are refused: one of another run's log at the same place", async () => {
    const other = join(root, "other");
    await write(other, [[sampleFrame(1, 0, "ONE")], ...WRITES.slice(1)], 1);
    const bytes = readFileSync(first);
    frame(readFileSync(join(runPath(other), "00000001.seg")), 1).copy(bytes, places[1]);
    writeFileSync(first, bytes);
    expect(await refusal()).toMatchObject({ kind: "damaged", offset: places[1], lsn: 1 });
  });
});

describe("a sector that a power failure lost", () => {
  const FILL = "x".repeat(600);
  const frames = (from: number): FrameDraft[] => range(from, from + 4).map((n) => sampleFrame(1, n, FILL));

  it("is part of a torn tail within the last write", async () => {
    await write(join(directory, "new"), [frames(0), frames(4)], 1);
    const segment = join(runPath(join(directory, "new")), "00000001.seg");
    const bytes = readFileSync(segment);
    const lost = frameOffsets(bytes)[5] as number;
    bytes.fill(0, Math.ceil(lost / 512) * 512, Math.ceil(lost / 512) * 512 + 512);
    writeFileSync(segment, bytes);
    const log = (await fileStore({ directory: join(directory, "new") }).resume(sampleRunId(1)))._unsafeUnwrap();
    expect([log.tornTail?.offset, await lsns(log)]).toEqual([lost, range(0, 5)]);
    await log.close();
  });

  it("is damage within a write that was complete", async () => {
    await write(join(directory, "new"), [frames(0), frames(4)], 1);
    const segment = join(runPath(join(directory, "new")), "00000001.seg");
    const bytes = readFileSync(segment);
    const lost = frameOffsets(bytes)[2] as number;
    bytes.fill(0, Math.ceil(lost / 512) * 512, Math.ceil(lost / 512) * 512 + 512);
    writeFileSync(segment, bytes);
    const resumed = await fileStore({ directory: join(directory, "new") }).resume(sampleRunId(1));
    expect(resumed._unsafeUnwrapErr()).toMatchObject({ kind: "damaged", offset: lost, lsn: 2 });
  });
});

describe("segments", () => {
  beforeEach(async () => {
    rmSync(directory, { recursive: true });
    await write(
      directory,
      range(0, 12).map((n) => [sampleFrame(1, n, "x".repeat(150))]),
      1,
      400,
    );
    expect(readdirSync(run)).toHaveLength(7);
  });

  it.each([1, 2, 5])("are refused when number %i is missing", async (number) => {
    rmSync(join(run, `0000000${number}.seg`));
    expect(await refusal()).toMatchObject({ kind: "damaged", segment: `0000000${number}.seg`, offset: 0 });
  });

  it("are read up to the one that is missing", async () => {
    rmSync(join(run, "00000003.seg"));
    for (const from of [0, 3, 9]) {
      const [shown, fault] = await readAll(await opened(), from);
      expect(shown).toEqual(from < 4 ? range(from, 4) : []);
      expect(fault).toMatchObject({ kind: "damaged", segment: "00000003.seg", offset: 0, lsn: 4 });
    }
    expect((await (await opened()).last())._unsafeUnwrapErr()).toMatchObject({ segment: "00000003.seg", lsn: 4 });
  });

  it("are all read when a stray one lies behind them, which is then refused", async () => {
    writeFileSync(join(run, "00000009.seg"), "");
    const [shown, fault] = await readAll(await opened());
    expect(shown).toEqual(range(0, 12));
    expect(fault).toMatchObject({ kind: "damaged", segment: "00000007.seg", offset: 0, lsn: 12 });
  });

  it("are not taken for more than there are by names that are none of a segment", async () => {
    for (const name of ["00000000.seg", "000000003.seg", "00000009.seg.bak"]) writeFileSync(join(run, name), "");
    expect(await lsns(await opened())).toEqual(range(0, 12));
  });

  it("are read up to a directory in the place of one, which the fault names", async () => {
    rmSync(join(run, "00000003.seg"));
    mkdirSync(join(run, "00000003.seg"));
    for (const from of [0, 4]) {
      const [shown, fault] = await readAll(await opened(), from);
      expect(shown).toEqual(range(from, 4));
      expect(fault).toMatchObject({ kind: "storage", operation: "read", path: join(run, "00000003.seg") });
    }
    expect(await readAll(await opened(), 8)).toEqual([range(8, 12), undefined]);
  });

  it("are refused when two are swapped", async () => {
    renameSync(join(run, "00000002.seg"), join(run, "x"));
    renameSync(join(run, "00000003.seg"), join(run, "00000002.seg"));
    renameSync(join(run, "x"), join(run, "00000003.seg"));
    expect(await refusal()).toMatchObject({ kind: "damaged", segment: "00000002.seg", offset: 0, lsn: 2 });
  });

  it("are refused when one is another run's", async () => {
    await write(
      join(directory, "new"),
      range(0, 12).map((n) => [sampleFrame(1, n, "x".repeat(150))]),
      2,
      400,
    );
    copyFileSync(join(runPath(join(directory, "new"), 2), "00000002.seg"), join(run, "00000002.seg"));
    expect(await refusal()).toMatchObject({ kind: "damaged", segment: "00000002.seg", offset: 0 });
  });

  it("are refused when one before the last was cut short, at every byte of its last frame", async () => {
    const path = join(run, "00000003.seg");
    const bytes = readFileSync(path);
    for (let cut = frameOffsets(bytes).at(-2) as number; cut < bytes.length; cut++) {
      writeFileSync(path, bytes.subarray(0, cut));
      expect(await refusal()).toMatchObject({ kind: "damaged" });
    }
  });

  it("are read from the one that holds the lsn", async () => {
    // What was damaged before is not met.
    writeFileSync(join(run, "00000001.seg"), "");
    const [shown, fault] = await readAll(await opened(), 5);
    expect([shown, fault]).toEqual([range(5, 12), undefined]);
  });
});

async function write(
  into: string,
  writes: readonly (readonly FrameDraft[])[],
  n: number,
  segmentBytes = 1e6,
): Promise<void> {
  const log = (await fileStore({ directory: into, segmentBytes }).create(sampleManifest(n)))._unsafeUnwrap();
  for (const frames of writes) {
    const positions = frames.map((frame) => log.append(frame)._unsafeUnwrap());
    (await log.whenSafe(Math.max(...positions) as (typeof positions)[0]))._unsafeUnwrap();
  }
  await log.close();
  forgetSafe(into, n);
}

/** As a crash leaves a log: without the mark of how far it was safe, which closing makes. */
function forgetSafe(store: string, n = 1): void {
  rmSync(join(runPath(store, n), "safe.json"), { force: true });
}

function runPath(store: string, n = 1): string {
  return join(store, "orders", sampleRunId(n));
}

async function opened(): Promise<RunReader> {
  return (await fileStore({ directory }).open(sampleRunId(1)))._unsafeUnwrap();
}

async function readAll(reader: RunReader, from = 0): Promise<[lsns: number[], fault: ReadFault | undefined]> {
  const shown: number[] = [];
  for await (const batch of reader.read(from as Lsn)) {
    if (batch.isErr()) return [shown, batch.error];
    shown.push(...batch.value.map((frame) => frame.lsn));
  }
  return [shown, undefined];
}

async function lsns(reader: RunReader): Promise<number[]> {
  const [shown, fault] = await readAll(reader);
  expect(fault).toBeUndefined();
  return shown;
}

/** The fault with which both a resume and reading refuse. */
async function refusal(): Promise<OpenFault> {
  const fault = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrapErr();
  expect((await readAll(await opened()))[1]).toEqual(fault);
  return fault;
}

function frameOffsets(bytes: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = SEGMENT_HEADER_BYTES; at + FRAME_HEADER_BYTES <= bytes.length; at += bytes.readUInt32BE(at))
    offsets.push(at);
  return [...offsets, bytes.length];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
