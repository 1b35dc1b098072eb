import { sampleFrame, sampleManifest, sampleRunId } from "@refold/testkit";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { runFiles } from "./run-files.ts";
import { FileStore, fileStore } from "./file-store.ts";
import { segmentFiles } from "./segment-files-here.ts";
import type { SegmentFiles } from "./segment-files.ts";

let root: string;
let directory: string;
let snapshots: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "refold-snapshot-files-"));
});

afterAll(() => rmSync(root, { recursive: true }));

beforeEach(() => {
  directory = mkdtempSync(join(root, "store-"));
  snapshots = join(directory, "orders", sampleRunId(1), "snapshots");
});

/** Files of a disk that has no room for snapshots, or does not move them. */
function failing(
  operation: "write" | "move",
  remove: SegmentFiles["remove"] = (path) => runFiles.remove(path),
): SegmentFiles {
  const files = segmentFiles();
  const full = (path: string): void => {
    if (path.includes(".snapshot")) throw new Error("ENOSPC: no space left on device");
  };
  return {
    create: (path, synced) => files.create(path, synced),
    extend: (path, offset, synced) => files.extend(path, offset, synced),
    makeDirectory: (path) => runFiles.makeDirectory(path),
    sync: (path) => runFiles.sync(path),
    remove,
    write: async (path, content) => {
      await runFiles.write(path, content);
      if (operation === "write") full(path);
    },
    move: async (from, to) => {
      if (operation === "move") full(from);
      await runFiles.move(from, to);
    },
  };
}

/** Writes a frame, and tries to keep a snapshot. */
async function keepOn(files: SegmentFiles): Promise<unknown> {
  const log = (await new FileStore({ directory }, files).create(sampleManifest(1)))._unsafeUnwrap();
  log.append(sampleFrame(1, 0, "x"))._unsafeUnwrap();
  const kept = await log.keepSnapshot(Uint8Array.of(1, 2, 3));
  await log.close();
  return kept.isOk() ? kept.value : kept.error;
}

describe("a snapshot that could not be kept", () => {
  it.each(["write", "move"] as const)("leaves nothing behind when its file fails at its %s", async (operation) => {
    expect(await keepOn(failing(operation))).toMatchObject({ kind: "storage" });
    expect(readdirSync(snapshots)).toEqual([]);
  });

  it("is told of by what went wrong first, even if nothing can be removed", async () => {
    const remove = async (): Promise<void> => {
      throw new Error("EROFS: read-only file system");
    };
    expect(await keepOn(failing("write", remove))).toMatchObject({
      cause: { message: expect.stringMatching(/ENOSPC/) as string },
    });
    expect(readdirSync(snapshots)).toEqual(["0000000000000001.snapshot.new"]);
  });
});

it("removes what a killed writer left of a snapshot when the run is taken over, and nothing else", async () => {
  expect(await keepOn(segmentFiles())).toBe(1);
  for (const name of ["0000000000000002.snapshot.new", "notes.new", "1.snapshot.new"]) {
    writeFileSync(join(snapshots, name), "half");
  }
  const log = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
  await log.close();
  expect(readdirSync(snapshots).sort()).toEqual(["0000000000000001.snapshot", "1.snapshot.new", "notes.new"]);
});
