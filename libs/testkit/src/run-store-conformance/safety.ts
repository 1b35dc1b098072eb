import type { Lsn, Position } from "@refold/core";

import { check, equal, faultOf, valueOf } from "../conformance/expect.ts";
import { equalFrames, framesOf } from "./reading-all.ts";
import { frameOf, manifestOf } from "./samples.ts";
import type { FailingRunStore, StoreTest } from "./under-test.ts";

const BLOCK = new Uint8Array(64 * 1024);
/** What a bounded log may hold at the most before it says so. */
const BOUND_BYTES = 16 * 1024 * 1024;

export function safetyTests(test: StoreTest): void {
  for (const durability of ["buffered", "durable", "strict"] as const) {
    test(`tells when frames are safe, at the level ${durability}`, async ({ store }) => {
      const log = valueOf(await store.create(manifestOf(1, { durability })));
      const positions = [0, 1, 2, 3].map((n) => valueOf(log.append(frameOf(1, n, n))));
      let seen: Position = log.safe;
      for (const position of positions) {
        valueOf(await log.whenSafe(position));
        check(log.safe >= position, "what is safe is counted in `safe`");
        check(log.safe >= seen, "`safe` never goes back");
        seen = log.safe;
      }
      valueOf(await log.whenSafe(positions[0] as Position));
      await log.close();
    });
  }

  test("tells all who wait, in whatever order they asked", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const waits: Promise<unknown>[] = [];
    for (let n = 0; n < 200; n++) {
      const position = valueOf(log.append(frameOf(1, n, n)));
      waits.push(log.whenSafe(position).then(valueOf), log.whenSafe(1 as Position).then(valueOf));
      if (n % 16 === 15) await waits[n];
    }
    await Promise.all(waits.reverse());
    equal(log.safe, 200, "safe in the end");
    await log.close();
  });

  test("makes frames safe though nobody asks", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const followed = log.follow(0 as Lsn)[Symbol.asyncIterator]();
    for (let n = 0; n < 3; n++) {
      valueOf(log.append(frameOf(1, n, n)));
      for (let shown = 0; shown === 0;) {
        const item = await followed.next();
        check(item.done !== true, "the log is followed while it is written");
        shown = valueOf(item.value).length;
      }
    }
    await followed.return?.();
    await log.close();
  });

  test("makes everything safe on closing", async (under) => {
    const log = valueOf(await under.store.create(manifestOf(1)));
    const drafts = Array.from({ length: 50 }, (_, n) => frameOf(1, n, n, BLOCK));
    for (const frame of drafts) valueOf(log.append(frame));
    const waiting = log.whenSafe(50 as Position);
    await log.close();
    valueOf(await waiting);
    equal(log.safe, 50, "safe after closing");
    const reader = valueOf(await (await under.reopen()).open(manifestOf(1).runId));
    equalFrames(await framesOf(reader), drafts);
    await reader.close();
  });
}

export function boundTests(test: StoreTest): void {
  test("says when it holds enough, and when there is room again", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    equal(log.room(), undefined, "room at the beginning");
    let appended = 0;
    for (let round = 0; round < 3; round++) {
      let held = 0;
      let room: Promise<void> | undefined;
      while (room === undefined && held < BOUND_BYTES) {
        valueOf(log.append(frameOf(1, appended, BLOCK)));
        appended += 1;
        held += BLOCK.length;
        room = log.room();
      }
      check(room !== undefined, `it holds ${held} bytes and still has room`);
      await room;
    }
    valueOf(await log.whenSafe(appended as Position));
    equal(log.room(), undefined, "room when all is safe");
    equal((await framesOf(log)).length, appended, "the frames");
    await log.close();
  });
}

export function failingTests(it: (promise: string, body: (under: FailingRunStore) => Promise<void>) => void): void {
  it("keeps its first fault, and leaves a log that opens", async (under) => {
    const log = valueOf(await under.store.create(manifestOf(1)));
    const before = [frameOf(1, 0, "a"), frameOf(1, 1, "b")];
    for (const frame of before) valueOf(await log.whenSafe(valueOf(log.append(frame))));
    const cause = new Error("no space left");
    under.fail(cause);
    const appended = log.append(frameOf(1, 2, "c"));
    const refused = appended.isOk() ? await log.whenSafe(appended.value) : appended;
    const fault = faultOf(refused, "storage");
    equal(fault.cause, cause, "the cause");
    under.fail(new Error("another"));
    equal(faultOf(log.append(frameOf(1, 3, "d")), "storage"), fault, "the fault of a later append");
    equal(faultOf(await log.whenSafe(1 as Position), "storage"), fault, "the fault of a later wait");
    await log.room();
    await log.close();
    const reader = valueOf(await (await under.reopen()).open(manifestOf(1).runId));
    equalFrames((await framesOf(reader)).slice(0, 2), before);
    await reader.close();
  });

  it("gives room and an answer to all who wait when it fails", async (under) => {
    const log = valueOf(await under.store.create(manifestOf(1)));
    const waits: Promise<unknown>[] = [];
    under.fail(new Error("no space left"));
    for (let n = 0; n < 64; n++) {
      const appended = log.append(frameOf(1, n, BLOCK));
      if (appended.isErr()) break;
      waits.push(log.whenSafe(appended.value).then((result) => faultOf(result, "storage")));
      const room = log.room();
      if (room !== undefined) waits.push(room);
    }
    await Promise.all(waits);
    await log.close();
  });
}
