import type { MetricsExporter, MetricsSnapshot, RunId } from "@refold/core";

import { emptyMetrics, extremeMetrics, sampleMetrics } from "./metrics-exporter-conformance/samples.ts";
import { equal } from "./conformance/expect.ts";
import type { TestRunner } from "./run-store-conformance/under-test.ts";

/** An exporter that was given nothing yet, made for one test, and a look at where it takes its figures. */
export interface MetricsExporterUnderTest {
  readonly exporter: MetricsExporter;
  /**
   * How many records the stage `report` of a run has taken in, as told outside by now; undefined if nothing is told of that
   * run. An exporter that sends from time to time is to send now.
   */
  readonly recordsIn: (runId: RunId) => Promise<number | undefined>;
  readonly dispose: () => Promise<void>;
}

export interface MetricsExporterConformance {
  readonly name: string;
  readonly runner: TestRunner;
  open(): Promise<MetricsExporterUnderTest>;
}

/** Adds tests for every promise of the `MetricsExporter` port to the test runner. Each test opens an exporter of its own. */
export function metricsExporterConformance(suite: MetricsExporterConformance): void {
  const { describe, it } = suite.runner;
  const test = (promise: string, body: (under: MetricsExporterUnderTest) => Promise<void>): void =>
    it(promise, async () => {
      const under = await suite.open();
      try {
        await body(under);
      } finally {
        await under.dispose();
      }
    });

  describe(`${suite.name} is a MetricsExporter`, () => {
    test("tells nothing of a run before its first figures", showsNothingEarly);
    test("tells of each snapshot in its turn, and not of the one before", followsTheRun);
    test("tells the final figures, still after it was closed", keepsTheFinalFigures);
    test("can be closed without having been given anything", closesUnused);
    test("tells two runs at once apart", keepsRunsApart);
    test("tells the runs of one flow apart, and takes the same figures twice", takesTheSameTwice);
    test("changes nothing in what it is given, even if that is frozen", leavesSnapshotsAlone);
    test("takes the figures of a run that has done nothing, and windows without limit", takesNothing);
    test("takes the largest counts and the smallest times", takesExtremes);
  });
}

const FIRST = "01900001-0000-7000-8000-000000000000" as RunId;
const SECOND = "01900002-0000-7000-8000-000000000000" as RunId;

async function showsNothingEarly({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  equal(await recordsIn(FIRST), undefined, "records before the first export");
  await exporter.export(sampleMetrics({ runId: SECOND }));
  equal(await recordsIn(FIRST), undefined, "records after the export of another run");
}

async function followsTheRun({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  for (const records of [0, 1, 1, 7, 1_000_000]) {
    await exporter.export(sampleMetrics({ runId: FIRST, records }));
    equal(await recordsIn(FIRST), records, "records told after an export");
  }
}

async function keepsTheFinalFigures({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  await exporter.export(sampleMetrics({ runId: FIRST, records: 3 }));
  await exporter.export(sampleMetrics({ runId: FIRST, records: 5, state: "drained" }));
  await exporter.close?.();
  equal(await recordsIn(FIRST), 5, "records told after the exporter was closed");
}

async function closesUnused({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  await exporter.close?.();
  equal(await recordsIn(FIRST), undefined, "records told by an exporter that was never used");
}

async function keepsRunsApart({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  await Promise.all([
    exporter.export(sampleMetrics({ runId: FIRST, flow: "orders", records: 4 })),
    exporter.export(sampleMetrics({ runId: SECOND, flow: "refunds", records: 9 })),
  ]);
  equal(await recordsIn(FIRST), 4, "records of the first run");
  equal(await recordsIn(SECOND), 9, "records of the second run");
  await exporter.export(sampleMetrics({ runId: FIRST, flow: "orders", records: 6, state: "failed" }));
  equal(await recordsIn(FIRST), 6, "records of the first run, which has ended");
  equal(await recordsIn(SECOND), 9, "records of the second run, which goes on");
}

async function takesTheSameTwice({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  const first = sampleMetrics({ runId: FIRST, records: 4 });
  for (const snapshot of [first, sampleMetrics({ runId: SECOND, records: 8 }), first]) await exporter.export(snapshot);
  equal(await recordsIn(FIRST), 4, "records of a run whose figures came twice");
  equal(await recordsIn(SECOND), 8, "records of the other run");
}

async function leavesSnapshotsAlone({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  const given = sampleMetrics({ runId: FIRST, records: 21 });
  await exporter.export(given);
  equal(await recordsIn(FIRST), 21, "records told");
  equal(given, sampleMetrics({ runId: FIRST, records: 21 }), "the snapshot after it was told");
  await exporter.export(frozen(sampleMetrics({ runId: FIRST, records: 22 })));
  equal(await recordsIn(FIRST), 22, "records told of a frozen snapshot");
  await exporter.close?.();
}

async function takesNothing({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  await exporter.export(emptyMetrics(FIRST));
  equal(await recordsIn(FIRST), 0, "records of a run that has done nothing");
  await exporter.close?.();
}

async function takesExtremes({ exporter, recordsIn }: MetricsExporterUnderTest): Promise<void> {
  await exporter.export(extremeMetrics(FIRST));
  await exporter.export(sampleMetrics({ runId: SECOND, records: Number.MAX_SAFE_INTEGER }));
  equal(await recordsIn(SECOND), Number.MAX_SAFE_INTEGER, "the largest count");
  await exporter.close?.();
}

/** The same snapshot, which throws at whoever tries to change it. */
function frozen(snapshot: MetricsSnapshot): MetricsSnapshot {
  const freeze = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  };
  freeze(snapshot);
  return snapshot;
}
