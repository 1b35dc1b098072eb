import type { FrameDraft, Lsn, Position, RetainMode, RunLog, RunReader, RunStore } from "@refold/core";

import { check, equal, faultOf, valueOf } from "../conformance/expect.ts";
import { equalFrames, framesOf } from "./reading-all.ts";
import { frameOf, manifestOf, runIdOf } from "./samples.ts";
import type { StoreTest } from "./under-test.ts";

const COUNT = 60;

export function retainingTests(test: StoreTest): void {
  test("begins with frame 0 when nothing was let go of", async ({ store }) => {
    const { log } = await written(store);
    equal(log.first, 0, "the first frame");
    const nothing = valueOf(await log.retain(0 as Lsn, "drop"));
    equal(nothing, { first: 0, frames: 0, segments: 0, bytes: 0 }, "what went");
    await log.close();
    const reader = valueOf(await store.open(runIdOf(1)));
    equal(reader.first, 0, "the first frame of a reader");
    await reader.close();
  });

  for (const how of ["archive", "drop"] as const) {
    test(`keeps every frame from the one that it is told on, and tells what went (${how})`, async (under) => {
      const { log, drafts } = await written(under.store);
      let first = 0;
      for (const from of [10, 10, 5, 31, COUNT - 2]) {
        const before = first;
        const retained = valueOf(await log.retain(from as Lsn, how));
        first = retained.first;
        check(first >= before && first <= Math.max(before, from), `it begins with ${first}, and ${from} was to stay`);
        equal(retained.frames, first - before, "the number of frames that went");
        check((retained.frames === 0) === (retained.bytes === 0), "it tells what they took");
        await showsFrom(log, drafts, first);
      }
      valueOf(log.append(frameOf(1, COUNT, "after")));
      drafts.push(frameOf(1, COUNT, "after"));
      const digest = log.digest();
      await showsFrom(log, drafts, first);
      await log.close();

      const store = await under.reopen();
      const reader = valueOf(await store.open(runIdOf(1)));
      await showsFrom(reader, drafts, first);
      await reader.close();
      const resumed = valueOf(await store.resume(runIdOf(1)));
      await showsFrom(resumed, drafts, first);
      equal(resumed.digest(), digest, "the digest");
      valueOf(resumed.append(frameOf(2, 0, "resumed")));
      await showsFrom(resumed, [...drafts, frameOf(2, 0, "resumed")], first);
      await resumed.close();
    });
  }

  test("keeps the last frame whatever it is told", async ({ store }) => {
    const { log, drafts } = await written(store);
    const { first } = valueOf(await log.retain(1_000_000 as Lsn, "drop"));
    await showsFrom(log, drafts, first);
    await log.close();
  });

  test("lets go of nothing in a log without frames", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    equal(valueOf(await log.retain(5 as Lsn, "drop")).first, 0, "the first frame");
    valueOf(log.append(frameOf(1, 0, "a")));
    equalFrames(await framesOf(log), [frameOf(1, 0, "a")]);
    await log.close();
  });

  test("tells readers and followers that they came too late, and goes on with those that did not", async ({
    store,
  }) => {
    const { log, drafts } = await written(store);
    const reader = valueOf(await store.open(runIdOf(1)));
    const { first } = valueOf(await log.retain(40 as Lsn, "drop"));
    for (const each of [log, reader]) {
      for (const frames of [each.read(0 as Lsn), each.follow(0 as Lsn)]) {
        const items = [];
        for await (const batch of frames) {
          items.push(batch);
          if (first === 0) break;
        }
        if (first === 0) continue;
        equal(items.length, 1, "the number of answers");
        const fault = faultOf(items[0] ?? (await each.last()), "not-retained");
        equal([fault.asked, fault.first], [0, first], "what was asked for, and what there is");
      }
      await showsFrom(each, drafts, first);
    }
    await reader.close();
    await log.close();
  });

  test("answers those who ask at once one after the other", async ({ store }) => {
    const { log, drafts } = await written(store);
    const modes: readonly RetainMode[] = ["drop", "archive", "drop"];
    const retained = await Promise.all(modes.map(async (how, n) => log.retain((n * 15) as Lsn, how)));
    const frames = retained.map((result) => valueOf(result).frames);
    equal(
      frames.reduce((sum, count) => sum + count, 0),
      log.first,
      "the number of frames that went",
    );
    await showsFrom(log, drafts, log.first);
    await log.close();
    faultOf(await log.retain(50 as Lsn, "drop"), "log-closed");
  });
}

/** That a log holds these frames, from `first` on. */
async function showsFrom(reader: RunReader, drafts: readonly FrameDraft[], first: number): Promise<void> {
  equal(reader.first, first, "the first frame");
  for (const from of [first, first + 1, drafts.length - 1]) {
    equalFrames(await framesOf(reader, from), drafts.slice(from), from);
  }
  equal(valueOf(await reader.last())?.lsn, drafts.length - 1, "the last frame");
  if (first === 0) return;
  for await (const batch of reader.read((first - 1) as Lsn)) {
    const fault = faultOf(batch, "not-retained");
    equal([fault.asked, fault.first], [first - 1, first], "what was asked for, and what there is");
  }
}

/** A log of frames that were each waited for, so that a store with small segments has several. */
async function written(store: RunStore): Promise<{ log: RunLog; drafts: FrameDraft[] }> {
  const log = valueOf(await store.create(manifestOf(1)));
  const drafts = Array.from({ length: COUNT }, (_, n) => frameOf(n % 3, n, { n }, "text"));
  for (const [n, draft] of drafts.entries()) {
    valueOf(log.append(draft));
    if (n % 4 === 3) valueOf(await log.whenSafe((n + 1) as Position));
  }
  return { log, drafts };
}
