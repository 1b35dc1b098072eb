import { RECORD_KINDS, type FrameDraft, type LaneId, type LaneSeq, type RunId, type TypeId } from "@refold/core";
import { sampleManifest } from "@refold/testkit";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { fileStore } from "./file-store.ts";

const FORMAT = readFileSync(join(import.meta.dirname, "../../../../docs/format.md"), "utf8");

const FRAMES: readonly FrameDraft[] = [
  {
    lane: 0 as LaneId,
    timeMs: 1_700_000_000_000,
    firstSeq: 0 as LaneSeq,
    records: [{ kind: "transition", machine: "stage", event: { kind: "start" }, from: "created", to: "running" }],
  },
  {
    lane: 1 as LaneId,
    timeMs: 1_700_000_000_001.5,
    firstSeq: 0 as LaneSeq,
    records: [{ id: 7, at: new Date(0) }, -0].map((payload, seq) => ({
      kind: "data",
      type: 0 as TypeId,
      cause: undefined,
      originLane: 1 as LaneId,
      originSeq: seq as LaneSeq,
      payload,
    })),
  },
];

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-format-"));
});

afterAll(() => rmSync(directory, { recursive: true }));

describe("docs/format.md", () => {
  it("shows in its worked example the bytes that are written", async () => {
    const runId = "01890a5d-ac96-774b-bcce-b302099a8057" as RunId;
    const log = (await fileStore({ directory }).create(sampleManifest(1, { runId })))._unsafeUnwrap();
    for (const frame of FRAMES) log.append(frame)._unsafeUnwrap();
    await log.close();
    const written = readFileSync(join(directory, "orders", runId, "00000001.seg"));

    const example: number[] = [];
    for (const [, offset, bytes] of FORMAT.matchAll(/^([0-9a-f]{4}) {2}((?:[0-9a-f]{2} ?)+)/gm)) {
      expect(Number.parseInt(offset as string, 16)).toBe(example.length);
      for (const byte of (bytes as string).trim().split(" ")) example.push(Number.parseInt(byte, 16));
    }
    expect(Buffer.from(example).toString("hex")).toBe(written.toString("hex"));
  });

  it("lists every kind of record under its number", () => {
    const listed = [...FORMAT.matchAll(/^\| +(\d+) \| `([a-z-]+)` +\|/gm)].map(([, number, kind]) => [number, kind]);
    expect(listed).toEqual(RECORD_KINDS.map((kind, number) => [String(number), kind]));
  });
});
