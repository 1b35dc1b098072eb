import type { FrameDraft, Position, RunId } from "@refold/core";

import { check, equal, faultOf, valueOf } from "../conformance/expect.ts";
import { equalFrames, framesOf } from "./reading-all.ts";
import { frameOf, manifestOf, runIdOf } from "./samples.ts";
import type { StoreTest } from "./under-test.ts";

export function holdingTests(test: StoreTest): void {
  test("lets one write at a time", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const fault = faultOf(await store.resume(runIdOf(1)), "locked");
    check(fault.holder !== "" && fault.location !== "", "the fault names the holder and the run");
    const during = valueOf(await store.open(runIdOf(1)));
    equal([log.writing, during.writing], [true, true], "whether it is being written");
    await log.close();
    const after = valueOf(await store.open(runIdOf(1)));
    equal(after.writing, false, "whether it is being written, after closing");
    await Promise.all([during.close(), after.close()]);
    const resumed = valueOf(await store.resume(runIdOf(1)));
    faultOf(await store.resume(runIdOf(1)), "locked");
    await resumed.close();
  });

  test("lets one of many who ask at once resume", async ({ store }) => {
    await valueOf(await store.create(manifestOf(1))).close();
    const results = await Promise.all(Array.from({ length: 8 }, async () => store.resume(runIdOf(1))));
    const held = results.filter((result) => result.isOk());
    equal(held.length, 1, "the number of those who hold it");
    for (const log of held) await log.value.close();
  });

  test("goes on after a resume where it ended", async (under) => {
    const drafts = Array.from({ length: 30 }, (_, n) => frameOf(n % 3, n, { n }));
    const whole = valueOf(await under.store.create(manifestOf(2)));
    for (const frame of drafts) valueOf(whole.append(frame));
    let log = valueOf(await under.store.create(manifestOf(1)));
    let store = under.store;
    for (let round = 0; round < 3; round++) {
      equal(log.safe, 0, "safe in a log just opened");
      for (const frame of drafts.slice(round * 10, round * 10 + 10)) valueOf(log.append(frame));
      valueOf(await log.whenSafe(10 as Position));
      const digest = log.digest();
      await log.close();
      if (round === 0) await whole.close();
      store = await under.reopen();
      log = valueOf(await store.resume(runIdOf(1)));
      equal(log.digest(), digest, "the digest after a resume");
      equal(log.tornTail, undefined, "the torn tail of a log that was closed");
      equalFrames(await framesOf(log), drafts.slice(0, round * 10 + 10));
    }
    equal(log.digest(), whole.digest(), "the digest of the same frames in one go");
    await log.close();
  });

  test("refuses a run that is there already, and leaves it alone", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const drafts: FrameDraft[] = [frameOf(1, 0, "a")];
    valueOf(log.append(drafts[0] as FrameDraft));
    equal(faultOf(await store.create(manifestOf(1)), "run-exists").runId, runIdOf(1), "the run");
    faultOf(await store.create(manifestOf(1, { flow: "another" })), "run-exists");
    await log.close();
    faultOf(await store.create(manifestOf(1)), "run-exists");
    const reader = valueOf(await store.open(runIdOf(1)));
    equalFrames(await framesOf(reader), drafts);
    equal(reader.manifest, manifestOf(1), "the manifest");
    await reader.close();
  });

  test("does not find a run that is not there", async ({ store }) => {
    await valueOf(await store.create(manifestOf(1))).close();
    for (const id of [runIdOf(2), "", "last", "..", "../orders", runIdOf(1).toUpperCase()]) {
      equal(faultOf(await store.open(id as RunId), "run-not-found").runId, id, "the run that was asked for");
      faultOf(await store.resume(id as RunId), "run-not-found");
    }
  });
}
