import type { Lsn } from "@refold/core";
import { sampleFrame, sampleManifest, sampleRunId } from "@refold/testkit";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { fileStore } from "./file-store.ts";

/** A file system of one MiB, or `undefined` where this process may not mount. */
function mountSmallDisk(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), "refold-small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place], { stdio: "ignore" });
    return place;
  } catch {
    rmSync(place, { recursive: true });
    return undefined;
  }
}

const disk = mountSmallDisk();
const reason = disk === undefined ? " (skipped: only root may mount a small disk)" : "";

afterAll(() => {
  if (disk === undefined) return;
  execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true });
});

describe.skipIf(disk === undefined)(`on a disk that fills up${reason}`, () => {
  it.each(["buffered", "durable"] as const)(
    "keeps a fault with the cause, and a log that opens (%s)",
    async (durability) => {
      const store = fileStore({ directory: join(disk as string, durability) });
      const log = (await store.create(sampleManifest(1, { durability })))._unsafeUnwrap();
      const payload = new Uint8Array(20_000);
      let safe = 0;
      for (;;) {
        const appended = log.append(sampleFrame(1, safe, payload));
        const result = appended.isOk() ? await log.whenSafe(appended.value) : appended;
        if (result.isErr()) {
          expect(result.error).toMatchObject({ kind: "storage", cause: { code: "ENOSPC" } });
          expect(log.append(sampleFrame(1, 0, payload))._unsafeUnwrapErr()).toBe(result.error);
          break;
        }
        safe += 1;
      }
      await log.close();
      expect(safe).toBeGreaterThan(5);

      const reader = (await store.open(sampleRunId(1)))._unsafeUnwrap();
      let read = 0;
      for await (const batch of reader.read(0 as Lsn)) read += batch._unsafeUnwrap().length;
      expect(read).toBe(safe);
      // Cutting the torn tail needs no room.
      const resumed = await store.resume(sampleRunId(1));
      expect(resumed.isOk() || resumed.error.kind === "storage").toBe(true);
      if (resumed.isOk()) await resumed.value.close();
      rmSync(join(disk as string, durability), { recursive: true });
    },
  );

  it("refuses to write a run on a disk that is read-only, and reads it", async () => {
    const store = fileStore({ directory: join(disk as string, "read-only") });
    const log = (await store.create(sampleManifest(1)))._unsafeUnwrap();
    log.append(sampleFrame(1, 0, "kept"))._unsafeUnwrap();
    await log.close();
    execFileSync("mount", ["-o", "remount,ro", disk as string]);
    try {
      expect((await store.create(sampleManifest(2)))._unsafeUnwrapErr()).toMatchObject({ cause: { code: "EROFS" } });
      expect((await store.resume(sampleRunId(1)))._unsafeUnwrapErr()).toMatchObject({ cause: { code: "EROFS" } });
      const nowhere = fileStore({ directory: join(disk as string, "not", "there") });
      expect((await nowhere.create(sampleManifest(2)))._unsafeUnwrapErr()).toMatchObject({ cause: { code: "EROFS" } });
      const reader = (await store.open(sampleRunId(1)))._unsafeUnwrap();
      expect((await reader.last())._unsafeUnwrap()?.lsn).toBe(0);
    } finally {
      execFileSync("mount", ["-o", "remount,rw", disk as string]);
    }
  });
});
