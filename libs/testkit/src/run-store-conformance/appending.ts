import type { FrameDraft, LaneSeq, Position, RunLog } from "@refold/core";

import { check, equal, faultOf, valueOf } from "../conformance/expect.ts";
import { equalFrames, framesOf } from "./reading-all.ts";
import { draft, EDGE_PAYLOADS, EVERY_KIND, frameOf, manifestOf } from "./samples.ts";
import type { StoreTest } from "./under-test.ts";

const MIB = 1024 * 1024;

export function appendingTests(test: StoreTest): void {
  test("counts accepted frames from 1", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    equal(log.safe, 0, "safe before the first frame");
    equal(
      [0, 1, 2].map((n) => valueOf(log.append(frameOf(1, n, n)))),
      [1, 2, 3],
      "the positions",
    );
    await log.close();
  });

  test("keeps frames in the order of appending, whatever their lanes", async ({ store }) => {
    const lanes = ["system", ...Array.from({ length: 299 }, (_, n) => `stage-${n}`)];
    const log = valueOf(await store.create(manifestOf(1, { lanes })));
    const drafts = Array.from({ length: 900 }, (_, n) => frameOf((n * 7) % 300, n, { n }, [n]));
    for (const frame of drafts) valueOf(log.append(frame));
    equalFrames(await framesOf(log), drafts);
    await log.close();
  });

  test("gives back a record of every kind as it was", async (under) => {
    const drafts = [draft(0, 0, EVERY_KIND), ...EVERY_KIND.map((record, n) => draft(1, n, [record]))];
    const log = valueOf(await under.store.create(manifestOf(1)));
    for (const frame of drafts) valueOf(log.append(frame));
    await log.close();
    const reader = valueOf(await (await under.reopen()).open(manifestOf(1).runId));
    equalFrames(await framesOf(reader), drafts);
    await reader.close();
  });

  test("gives back payloads at the edges of what can be stored", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const drafts = [frameOf(1, 0, ...EDGE_PAYLOADS)];
    valueOf(log.append(drafts[0] as FrameDraft));
    equalFrames(await framesOf(log), drafts);
    await log.close();
  });

  test("keeps lanes, times and seqs at the edges of their ranges", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const edge = (timeMs: number, seq: number): FrameDraft => ({ ...frameOf(2, 0), timeMs, firstSeq: seq as LaneSeq });
    const drafts = [edge(0, 0), edge(-1.5, 2 ** 32), edge(8.64e15, Number.MAX_SAFE_INTEGER - 1), frameOf(65_534, 1, 1)];
    for (const frame of drafts) valueOf(log.append(frame));
    equalFrames(await framesOf(log), drafts);
    await log.close();
  });

  test("stores payloads as they were when appended", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const payload = { list: [1], bytes: new Uint8Array([1]) };
    valueOf(log.append(frameOf(1, 0, payload)));
    payload.list.push(2);
    payload.bytes[0] = 9;
    equalFrames(await framesOf(log), [frameOf(1, 0, { list: [1], bytes: new Uint8Array([1]) })]);
    await log.close();
  });

  test("leaves no trace of a frame it refuses, and names the place in the payload", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    valueOf(log.append(frameOf(1, 0, "before")));
    const digest = log.digest();
    const fault = faultOf(log.append(frameOf(1, 1, "fine", { items: [1, { call: () => 1 }] })), "unstorable");
    equal([fault.record, fault.path, fault.reason], [1, "$.items[1].call", "function"], "the fault");
    const part = new Uint8Array(3 * MIB);
    faultOf(log.append(frameOf(1, 1, part, part, part, part, part, part)), "frame-too-large");
    faultOf(log.append(frameOf(1, 1, ...new Array<number>(65_536).fill(0))), "too-many-records");
    equal(log.digest(), digest, "the digest after refusals");
    equal(valueOf(log.append(frameOf(1, 1, "after"))), 2, "the position after refusals");
    equalFrames(await framesOf(log), [frameOf(1, 0, "before"), frameOf(1, 1, "after")]);
    await log.close();
  });

  test("stores large frames between small ones, and frames without records", async (under) => {
    const log = valueOf(await under.store.create(manifestOf(1)));
    const large = new Uint8Array(3 * MIB).map((_, index) => index * 31);
    const drafts = [
      frameOf(1, 0, "small"),
      frameOf(1, 1, large, large, large, large, large),
      frameOf(2, 0),
      frameOf(1, 6, large),
      frameOf(1, 7, ...new Array<number>(65_535).fill(1)),
    ];
    for (const frame of drafts) valueOf(log.append(frame));
    await log.close();
    const reader = valueOf(await (await under.reopen()).open(manifestOf(1).runId));
    equalFrames(await framesOf(reader), drafts);
    await reader.close();
  });

  test("changes its digest with every frame, if it keeps one", async ({ store }) => {
    const logs = [valueOf(await store.create(manifestOf(1))), valueOf(await store.create(manifestOf(2)))] as const;
    const digests = logs.map((log) => digestsWhileAppending(log));
    equal(digests[0], digests[1], "the digests of two logs of the same frames");
    const distinct = new Set(digests[0]).size;
    check(distinct === 1 ? logs[0].digest() === "" : distinct === 9, "every frame changes the digest");
    for (const log of logs) await log.close();
  });

  test("refuses a frame when it is closed, and closes twice", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    const position = valueOf(log.append(frameOf(1, 0, 1)));
    const closing = log.close();
    faultOf(log.append(frameOf(1, 1, 2)), "log-closed");
    await closing;
    await log.close();
    faultOf(log.append(frameOf(1, 1, 2)), "log-closed");
    valueOf(await log.whenSafe(position));
  });
}

function digestsWhileAppending(log: RunLog): string[] {
  const digests = [log.digest()];
  for (let n = 0; n < 8; n++) {
    const position: Position = valueOf(log.append(frameOf(1, n, n)));
    equal(position, n + 1, "the position");
    digests.push(log.digest());
  }
  return digests;
}
