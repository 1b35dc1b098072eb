import type { FrameDraft, Lsn, RunLog, RunStore, StoredFrame } from "@refold/core";

import { equal, valueOf } from "../conformance/expect.ts";
import { equalFrames, framesOf, lsnRange, lsnsOf } from "./reading-all.ts";
import { frameOf, manifestOf, runIdOf } from "./samples.ts";
import type { StoreTest } from "./under-test.ts";

export function readingTests(test: StoreTest): void {
  test("reads nothing from a log without frames", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    equal(await framesOf(log), [], "its frames");
    equal(valueOf(await log.last()), undefined, "its last frame");
    await log.close();
  });

  test("reads from any lsn to the end", async ({ store }) => {
    const [log, drafts] = await written(store, 40);
    await log.close();
    const reader = valueOf(await store.open(runIdOf(1)));
    for (const from of [0, 1, 17, 39, 40, 41, 1_000_000]) {
      equalFrames(await framesOf(reader, from), drafts.slice(from), Math.min(from, 40));
    }
    equal(reader.tornTail, undefined, "the torn tail");
    await reader.close();
  });

  test("reads up to the end there was when reading began", async ({ store }) => {
    const [log] = await written(store, 300);
    const lsns: number[] = [];
    for await (const batch of log.read(0 as Lsn)) {
      lsns.push(...lsnsOf(valueOf(batch)));
      valueOf(await log.whenSafe(valueOf(log.append(frameOf(1, 300 + lsns.length, "later")))));
    }
    equal(lsns, lsnRange(0, 300), "the lsns");
    await log.close();
  });

  test("lets readers read what is safe while it is written", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const reader = valueOf(await store.open(runIdOf(1)));
    const drafts: FrameDraft[] = [];
    for (let n = 0; n < 20; n++) {
      drafts.push(frameOf(1, n, { n }));
      valueOf(await log.whenSafe(valueOf(log.append(drafts[n] as FrameDraft))));
      equalFrames(await framesOf(reader), drafts);
      equal(valueOf(await reader.last())?.lsn, n, "the last frame");
    }
    await reader.close();
    await log.close();
  });

  test("gives bodies that stay as they are while more is read", async ({ store }) => {
    const filler = "x".repeat(3000);
    const [log, drafts] = await written(store, 1000, (n) => frameOf(1, n, { n, filler }));
    const held: StoredFrame[] = await framesOf(log);
    await framesOf(log);
    valueOf(log.append(frameOf(1, 1000, "more")));
    equalFrames(held, drafts);
    await log.close();
  });

  test("lets several read at once, each at its own pace, and leave early", async ({ store }) => {
    const [log, drafts] = await written(store, 500);
    for await (const batch of log.read(3 as Lsn)) {
      equal(valueOf(batch)[0]?.lsn, 3, "the first lsn");
      break;
    }
    const readers = await Promise.all([0, 100, 499].map(async (from) => framesOf(log, from)));
    for (const [index, from] of [0, 100, 499].entries()) equalFrames(readers[index] ?? [], drafts.slice(from), from);
    await log.close();
  });

  test("knows its last frame", async ({ store }) => {
    const [log, drafts] = await written(store, 5);
    equalFrames([valueOf(await log.last()) as StoredFrame], drafts.slice(4), 4);
    await log.close();
    const reader = valueOf(await store.open(runIdOf(1)));
    equalFrames([valueOf(await reader.last()) as StoredFrame], drafts.slice(4), 4);
    await reader.close();
  });
}

/** A log with `count` frames in it. */
async function written(
  store: RunStore,
  count: number,
  frame: (n: number) => FrameDraft = (n) => frameOf(n % 3, n, { n }, "text"),
): Promise<[RunLog, FrameDraft[]]> {
  const log = valueOf(await store.create(manifestOf(1)));
  const drafts = Array.from({ length: count }, (_, n) => frame(n));
  for (const each of drafts) valueOf(log.append(each));
  return [log, drafts];
}
