import type { Lsn, Position, RunLog } from "@refold/core";
import { sampleFrame, sampleManifest, sampleRunId } from "@refold/testkit";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { MortalFiles } from "../test-support/mortal-files.ts";
import { deferred } from "./deferred.ts";
import { FileStore, fileStore } from "./file-store.ts";
import { segmentFiles } from "./segment-files-here.ts";
import type { SegmentFile, SegmentFiles } from "./segment-files.ts";

const BLOCK = "x".repeat(20_000);

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-file-log-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** A store whose segment files are those of the system, with some calls in place of theirs. */
function storeWith(calls: (file: SegmentFile) => Partial<SegmentFile>): FileStore {
  const files = segmentFiles();
  const changed = (file: SegmentFile): SegmentFile => ({
    append: (bytes) => file.append(bytes),
    appendNow: (bytes) => file.appendNow(bytes),
    close: () => file.close(),
    ...calls(file),
  });
  const opening: Pick<SegmentFiles, "create" | "extend"> = {
    create: (path, synced) => changed(files.create(path, synced)),
    extend: (path, offset, synced) => changed(files.extend(path, offset, synced)),
  };
  return new FileStore({ directory, segmentBytes: 50_000 }, { ...files, ...opening });
}

/** Appends, and starts to wait in every way there is: the answers, in no order. */
function everyWait(log: RunLog): Promise<unknown>[] {
  const waits: Promise<unknown>[] = [];
  for (let n = 0; n < 40; n++) {
    const appended = log.append(sampleFrame(1, n, BLOCK));
    if (appended.isOk()) waits.push(log.whenSafe(appended.value));
    waits.push(log.room() ?? Promise.resolve());
  }
  waits.push(log.retain(20 as Lsn, "archive"), log.last(), readAll(log));
  return waits;
}

async function readAll(log: RunLog): Promise<void> {
  for await (const batch of log.read(0 as Lsn)) if (batch.isErr()) return;
}

describe("a log whose storage fails", () => {
  it.each(["buffered", "durable"] as const)(
    "answers all who wait, and gives the run up, whichever operation is the first that is refused (%s)",
    async (durability) => {
      for (let lifetime = 0; lifetime < 24; lifetime++) {
        const files = new MortalFiles();
        const mortal = new FileStore({ directory, segmentBytes: 50_000 }, files);
        const runId = sampleRunId(lifetime);
        const log = (await mortal.create(sampleManifest(lifetime, { runId, durability })))._unsafeUnwrap();
        files.lifetime = lifetime;
        const first = everyWait(log);
        await Promise.all(first);
        const second = everyWait(log);
        await log.close();
        await Promise.all(second);
        await (await fileStore({ directory }).resume(runId))._unsafeUnwrap().close();
      }
    },
  );

  it("gives the run up when its file cannot even be closed", async () => {
    const store = storeWith((file) => ({
      close: () => {
        file.close();
        throw Object.assign(new Error("input/output error"), { code: "EIO" });
      },
    }));
    const log = (await store.create(sampleManifest(1)))._unsafeUnwrap();
    const position = log.append(sampleFrame(1, 0, "a"))._unsafeUnwrap();
    (await log.whenSafe(position))._unsafeUnwrap();
    await log.close();
    await (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap().close();
  });

  it("tells of a full segment that cannot be closed, and stops", async () => {
    const store = storeWith((file) => ({
      close: () => {
        file.close();
        throw Object.assign(new Error("input/output error"), { code: "EIO" });
      },
    }));
    const log = (await store.create(sampleManifest(1)))._unsafeUnwrap();
    let position = 0 as Position;
    for (let n = 0; n < 6; n++) {
      const appended = log.append(sampleFrame(1, n, BLOCK));
      if (appended.isOk()) position = appended.value;
      await log.whenSafe(position);
    }
    expect((await log.whenSafe(position))._unsafeUnwrapErr()).toMatchObject({ cause: { code: "EIO" } });
    await log.close();
    await (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap().close();
  });
});

describe("a log whose storage does not answer", () => {
  it("is not closed before the write has ended, and holds the run meanwhile", async () => {
    const stuck = deferred<undefined>();
    const begun = deferred<undefined>();
    const store = storeWith((file) => ({
      append: async (bytes) => {
        begun.resolve(undefined);
        await stuck.promise;
        return file.append(bytes);
      },
    }));
    const log = (await store.create(sampleManifest(1)))._unsafeUnwrap();
    const position = log.append(sampleFrame(1, 0, "a"))._unsafeUnwrap();
    const ended: string[] = [];
    const safe = log.whenSafe(position).then((result) => ended.push(result.isOk() ? "safe" : "fault"));
    const closed = log.close().then(() => ended.push("closed"));
    await begun.promise;
    expect((await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrapErr().kind).toBe("locked");
    expect(ended).toEqual([]);
    stuck.resolve(undefined);
    await Promise.all([safe, closed]);
    expect(ended).toEqual(["safe", "closed"]);
    const reader = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
    expect((await reader.last())._unsafeUnwrap()?.lsn).toBe(0);
    await reader.close();
  });
});
