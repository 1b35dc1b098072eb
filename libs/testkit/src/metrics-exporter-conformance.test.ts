import type { MetricsSnapshot, RunId } from "@refold/core";
import { describe, expect, it } from "vitest";

import { metricsExporterConformance, type MetricsExporterUnderTest } from "./metrics-exporter-conformance.ts";

/** An exporter that keeps what it is given, to be spoilt in one way. */
class Kept implements MetricsExporterUnderTest {
  readonly runs = new Map<string, MetricsSnapshot>();
  readonly exporter = {
    export: (snapshot: MetricsSnapshot): void | Promise<void> => void this.runs.set(snapshot.runId, snapshot),
    close: (): void | Promise<void> => undefined,
  };
  recordsIn = async (runId: RunId): Promise<number | undefined> =>
    this.runs.get(runId)?.stages.find(({ stage }) => stage === "report")?.in;
  dispose = async (): Promise<void> => undefined;
}

/** The promises that an exporter does not keep. */
async function broken(open: () => MetricsExporterUnderTest): Promise<readonly string[]> {
  const tests: { readonly promise: string; readonly body: () => Promise<void> }[] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (promise: string, body: () => Promise<void>) => void tests.push({ promise, body }),
  };
  metricsExporterConformance({ name: "spoilt", runner, open: async () => open() });
  const failed: string[] = [];
  for (const { promise, body } of tests) await body().catch(() => failed.push(promise));
  return failed;
}

function spoilt(spoil: (kept: Kept) => void): () => MetricsExporterUnderTest {
  return () => {
    const kept = new Kept();
    spoil(kept);
    return kept;
  };
}

metricsExporterConformance({
  name: "An exporter that keeps all",
  runner: { describe, it },
  open: async () => new Kept(),
});

describe("the conformance suite finds an exporter that", () => {
  it("tells of runs that it was given nothing of", async () => {
    const failed = await broken(spoilt((kept) => (kept.recordsIn = async () => 0)));
    expect(failed).toContain("tells nothing of a run before its first figures");
    expect(failed).toContain("can be closed without having been given anything");
  });

  it("stays with the first figures", async () => {
    const keep = (kept: Kept) => (snapshot: MetricsSnapshot) =>
      void (kept.runs.has(snapshot.runId) || kept.runs.set(snapshot.runId, snapshot));
    const failed = await broken(spoilt((kept) => (kept.exporter.export = keep(kept))));
    expect(failed).toContain("tells of each snapshot in its turn, and not of the one before");
    expect(failed).toContain("tells the final figures, still after it was closed");
  });

  it("forgets what it was given as it is closed", async () => {
    const failed = await broken(spoilt((kept) => (kept.exporter.close = () => kept.runs.clear())));
    expect(failed).toEqual(["tells the final figures, still after it was closed"]);
  });

  it("knows one run only", async () => {
    const keepOne = (kept: Kept) => (snapshot: MetricsSnapshot) => {
      kept.runs.clear();
      kept.runs.set(snapshot.runId, snapshot);
    };
    const failed = await broken(spoilt((kept) => (kept.exporter.export = keepOne(kept))));
    expect(failed).toEqual([
      "tells two runs at once apart",
      "tells the runs of one flow apart, and takes the same figures twice",
    ]);
  });

  it("changes what it is given", async () => {
    const spoil = (kept: Kept) => (snapshot: MetricsSnapshot) => {
      kept.runs.set(snapshot.runId, snapshot);
      Object.assign(snapshot.log, { frames: 0 });
    };
    const failed = await broken(spoilt((kept) => (kept.exporter.export = spoil(kept))));
    expect(failed).toEqual(["changes nothing in what it is given, even if that is frozen"]);
  });

  it("cannot take windows without limit, or counts beyond 32 bits", async () => {
    const check = (kept: Kept) => (snapshot: MetricsSnapshot) => {
      if (snapshot.edges.some((edge) => !Number.isFinite(edge.windowRecords))) throw new RangeError("no limit");
      if (snapshot.log.frames > 2 ** 32) throw new RangeError("too many");
      kept.runs.set(snapshot.runId, snapshot);
    };
    const failed = await broken(spoilt((kept) => (kept.exporter.export = check(kept))));
    expect(failed).toEqual([
      "takes the figures of a run that has done nothing, and windows without limit",
      "takes the largest counts and the smallest times",
    ]);
  });
});
