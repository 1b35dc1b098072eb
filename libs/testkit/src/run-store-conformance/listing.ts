import type { RunManifest } from "@refold/core";

import { equal, valueOf } from "../conformance/expect.ts";
import { equalFrames, framesOf } from "./reading-all.ts";
import { frameOf, manifestOf, runIdOf } from "./samples.ts";
import type { StoreTest } from "./under-test.ts";

const ODD_NAMES = ["a/b", "..", ".", "CON", "a:b*?", " ", "Größe", "😀", "%41", "x".repeat(500), "back\\slash", "\0"];

export function listingTests(test: StoreTest): void {
  test("lists nothing when there is nothing", async ({ store }) => {
    equal(valueOf(await store.list()), [], "the runs");
  });

  test("lists every run, the oldest first, with its manifest and its place", async (under) => {
    const manifests = [3, 1, 2].map((n) => manifestOf(n, { flow: `flow-${4 - n}` }));
    for (const manifest of manifests) await valueOf(await under.store.create(manifest)).close();
    const store = await under.reopen();
    equal(
      valueOf(await store.list()),
      [manifests[1], manifests[2], manifests[0]].map((manifest) => ({
        kind: "run",
        manifest,
        location: store.locate(manifest as RunManifest),
      })),
      "the runs",
    );
  });

  test("lists a run that is being written", async ({ store }) => {
    const log = valueOf(await store.create(manifestOf(1)));
    equal(valueOf(await store.list()).length, 1, "the number of runs");
    await log.close();
  });

  test("keeps every field of a manifest", async (under) => {
    const manifest = manifestOf(1, {
      durability: "strict",
      types: [
        { name: "order", version: 3 },
        { name: "größe \ud800", version: 1 },
      ],
      topology: { stages: [], nested: { null: null } },
      rootRunId: runIdOf(7),
      replayOf: runIdOf(8),
      source: { path: "/flows/orders.flow.ts", sha256: "00" },
    });
    await valueOf(await under.store.create(manifest)).close();
    const reader = valueOf(await (await under.reopen()).open(runIdOf(1)));
    equal(reader.manifest, manifest, "the manifest");
    await reader.close();
  });

  test("keeps the runs of flows with any name", async (under) => {
    for (const [n, flow] of ODD_NAMES.entries()) {
      const log = valueOf(await under.store.create(manifestOf(n, { flow })));
      valueOf(log.append(frameOf(1, n, flow)));
      await log.close();
    }
    const store = await under.reopen();
    const flows = valueOf(await store.list()).map((run) => (run.kind === "run" ? run.manifest.flow : run.fault));
    equal(flows, ODD_NAMES, "the flows");
    for (const [n, flow] of ODD_NAMES.entries()) {
      const reader = valueOf(await store.open(runIdOf(n)));
      equalFrames(await framesOf(reader), [frameOf(1, n, flow)]);
      await reader.close();
    }
  });

  test("writes several runs at once", async ({ store }) => {
    const logs = await Promise.all([1, 2, 3].map(async (n) => valueOf(await store.create(manifestOf(n)))));
    for (let n = 0; n < 50; n++) for (const log of logs) valueOf(log.append(frameOf(1, n, log.manifest.runId)));
    for (const log of logs) {
      equalFrames(
        await framesOf(log),
        Array.from({ length: 50 }, (_, n) => frameOf(1, n, log.manifest.runId)),
      );
      await log.close();
    }
  });
}
