import type { Lsn, ReadFault, RunReader, StoredFrame } from "@refold/core";
import type { Result } from "neverthrow";

import { equal, valueOf } from "../conformance/expect.ts";
import { lsnRange, lsnsOf } from "./reading-all.ts";
import { frameOf, manifestOf, runIdOf, sealOf } from "./samples.ts";
import type { StoreTest } from "./under-test.ts";

export function followingTests(test: StoreTest): void {
  for (const who of ["its writer", "another reader"]) {
    test(`shows ${who} what is there and what is appended, up to the seal`, async ({ store }) => {
      const log = valueOf(await store.create(manifestOf(1)));
      valueOf(await log.whenSafe(valueOf(log.append(frameOf(1, 0, "before")))));
      const reader = who === "its writer" ? log : valueOf(await store.open(runIdOf(1)));
      const all = followedFrom(reader, 0);
      const some = followedFrom(reader, 7);
      for (let n = 1; n < 20; n++) {
        const position = valueOf(log.append(frameOf(n % 3, n, "after")));
        if (n % 4 === 0) valueOf(await log.whenSafe(position));
      }
      valueOf(log.append(sealOf(0, 20, log.digest())));
      equal(await all, lsnRange(0, 21), "the frames from 0 on");
      equal(await some, lsnRange(7, 21), "the frames from 7 on");
      await reader.close();
      await log.close();
    });
  }

  test("ends at the seal of a run that is over", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    valueOf(log.append(frameOf(1, 0, "a")));
    valueOf(log.append(sealOf(0, 1, log.digest())));
    await log.close();
    const reader = valueOf(await store.open(runIdOf(1)));
    equal(await followedFrom(reader, 0), [0, 1], "the frames");
    await reader.close();
  });

  test("lets a consumer leave while there is nothing to show", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const reader = valueOf(await store.open(runIdOf(1)));
    for (const each of [log, reader]) {
      const iterator = each.follow(0 as Lsn)[Symbol.asyncIterator]();
      const waiting = iterator.next();
      await iterator.return?.();
      equal((await waiting).done, true, "the wait that was under way");
      equal((await iterator.next()).done, true, "what follows");
    }
    await reader.close();
    await log.close();
  });

  test("ends for a reader that is closed", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    valueOf(await log.whenSafe(valueOf(log.append(frameOf(1, 0, "a")))));
    const reader = valueOf(await store.open(runIdOf(1)));
    const iterator = reader.follow(0 as Lsn)[Symbol.asyncIterator]();
    equal(
      lsnsOf(valueOf((await iterator.next()).value as Result<readonly StoredFrame[], ReadFault>)),
      [0],
      "the frames",
    );
    const waiting = iterator.next();
    await reader.close();
    equal((await waiting).done, true, "the wait that was under way");
    await log.close();
  });

  test("follows on over a change of writers", async ({ store }) => {
    const first = valueOf(await store.create(manifestOf(1)));
    valueOf(first.append(frameOf(1, 0, "a")));
    const reader = valueOf(await store.open(runIdOf(1)));
    const followed = followedFrom(reader, 0);
    await first.close();
    const second = valueOf(await store.resume(runIdOf(1)));
    valueOf(second.append(frameOf(1, 1, "b")));
    valueOf(second.append(sealOf(0, 2, second.digest())));
    equal(await followed, [0, 1, 2], "the frames");
    await reader.close();
    await second.close();
  });
}

async function followedFrom(reader: RunReader, from: number): Promise<number[]> {
  const lsns: number[] = [];
  for await (const batch of reader.follow(from as Lsn)) lsns.push(...lsnsOf(valueOf(batch)));
  return lsns;
}
