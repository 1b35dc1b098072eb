import type { Lsn } from "@refold/core";

import { equal, faultOf, valueOf } from "../conformance/expect.ts";
import { frameOf, manifestOf, runIdOf } from "./samples.ts";
import type { StoreTest } from "./under-test.ts";

export function snapshotTests(test: StoreTest): void {
  test("has no snapshot of a run that kept none", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    equal(valueOf(await log.snapshot()), undefined, "the newest snapshot");
    await log.close();
  });

  test("gives the newest snapshot, and on request the one before, with the frame that followed it", async (under) => {
    const log = valueOf(await under.store.create(manifestOf(1)));
    for (let n = 0; n < 3; n++) {
      valueOf(log.append(frameOf(1, n * 2, "a")));
      valueOf(log.append(frameOf(1, n * 2 + 1, "b")));
      const body = bodyOf(n);
      const kept = log.keepSnapshot(body);
      valueOf(log.append(frameOf(2, n, "after")));
      valueOf(await kept);
    }
    await log.close();
    const reader = valueOf(await (await under.reopen()).open(runIdOf(1)));
    equal(valueOf(await reader.snapshot()), { lsn: 8, body: bodyOf(2) }, "the newest snapshot");
    equal(valueOf(await reader.snapshot(8 as Lsn)), { lsn: 5, body: bodyOf(1) }, "the one before it");
    equal(valueOf(await reader.snapshot(5 as Lsn)), undefined, "an older one");
    await reader.close();
  });

  test("keeps the snapshots of a run that is gone on with", async (under) => {
    const log = valueOf(await under.store.create(manifestOf(1)));
    valueOf(log.append(frameOf(1, 0, "a")));
    valueOf(await log.keepSnapshot(bodyOf(1)));
    await log.close();
    const resumed = valueOf(await (await under.reopen()).resume(runIdOf(1)));
    equal(valueOf(await resumed.snapshot()), { lsn: 1, body: bodyOf(1) }, "the newest snapshot");
    valueOf(resumed.append(frameOf(1, 1, "b")));
    valueOf(await resumed.keepSnapshot(bodyOf(2)));
    equal(valueOf(await resumed.snapshot()), { lsn: 2, body: bodyOf(2) }, "the newest snapshot");
    await resumed.close();
  });

  test("keeps no snapshot when it is closed", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    valueOf(log.append(frameOf(1, 0, "a")));
    await log.close();
    faultOf(await log.keepSnapshot(bodyOf(1)), "log-closed");
  });
}

function bodyOf(n: number): Uint8Array {
  return Uint8Array.from({ length: 100_000 }, (_, index) => (index * n) & 0xff);
}
