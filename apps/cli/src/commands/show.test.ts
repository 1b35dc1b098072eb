import type { EpochRecord, LaneId, LaneSeq, LogRecord, RunId } from "@refold/core";
import { describeRun } from "@refold/runtime";
import { flow, memoryStore } from "refold";
import { afterEach, beforeEach, expect, it } from "vitest";

import { CliHarness } from "../../test/cli-harness.ts";

const START_MS = Date.UTC(2026, 0);
const [SYSTEM, METRICS, OUT] = [0 as LaneId, 1 as LaneId, 2 as LaneId];

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

/** Makes a run of a source with the name of a machine of the system, and of a sink, whose log holds just these records. */
async function keep(
  frames: readonly (readonly [lane: LaneId, afterMs: number, ...records: LogRecord[]])[],
): Promise<void> {
  const store = memoryStore();
  cli.openStore = () => store;
  const definition = flow("told", (f) => f.source("metrics", [1]).sink("out", () => undefined))
    .build()
    ._unsafeUnwrap();
  const runId = "01900000-0000-7000-8000-000000000001" as RunId;
  const manifest = describeRun(definition, { runId, createdAtMs: START_MS, durability: "buffered" });
  const log = (await store.create(manifest))._unsafeUnwrap();
  const next = [0, 0, 0];
  for (const [lane, afterMs, ...records] of frames) {
    const firstSeq = (next[lane] ?? 0) as LaneSeq;
    log.append({ lane, timeMs: START_MS + afterMs, firstSeq, records })._unsafeUnwrap();
    next[lane] = firstSeq + records.length;
  }
  await log.close();
}

const move = (machine: string, from: string, to: string, event: { readonly kind: string }): LogRecord => ({
  kind: "transition",
  machine,
  event,
  from,
  to,
});

it("tells a run's pauses and stops, with the reason and the deadline, from the log alone", async () => {
  const stop = { kind: "stop-gracefully", reason: "stopped by SIGTERM", deadlineMs: START_MS + 35_000 };
  await keep([
    [SYSTEM, 0, move("pipeline", "ready", "running", { kind: "run" })],
    [SYSTEM, 1200, move("pipeline", "running", "running", { kind: "pause" })],
    [SYSTEM, 2400, move("pipeline", "running", "running", { kind: "resume" })],
    [SYSTEM, 5000, move("pipeline", "running", "running", stop)],
    [SYSTEM, 6000, move("pipeline", "running", "cancelled", { kind: "stop-timed-out" })],
  ]);
  const { stdout } = await cli.refold("show", "last");
  expect(stdout).toContain(`
Lifecycle
  pipeline  ready → running +0 ms → cancelled +6.00 s

Control
  +1.20 s  pause
  +2.40 s  resume
  +5.00 s  stop-gracefully, reason stopped by SIGTERM, deadline +35.0 s
  +6.00 s  stop-timed-out

Records
`);
  expect(JSON.parse((await cli.refold("show", "last", "--json")).stdout)).toMatchObject({
    control: [
      { event: "pause", timeMs: START_MS + 1200 },
      { event: "resume" },
      { event: "stop-gracefully", reason: "stopped by SIGTERM", deadlineMs: START_MS + 35_000 },
      { event: "stop-timed-out" },
    ],
  });
});

it("tells the last verdict on each contract of each edge, with the evidence, and a source's own under its name", async () => {
  const contract = (name: "transport" | "delivery" | "source", advertised: number, read: number): LogRecord => ({
    kind: "contract",
    contract: name,
    upstream: METRICS,
    verdict: advertised === read ? "held" : "violated",
    advertised,
    read,
  });
  await keep([
    [METRICS, 1, contract("source", 20_000, 20_000)],
    [OUT, 2, contract("transport", 1, 0), contract("delivery", 20_000, 19_999)],
    [OUT, 3, contract("transport", 20_000, 20_000)],
  ]);
  expect((await cli.refold("show", "last")).stdout).toContain(`
Contracts
  edge            contract   verdict   advertised    read
  metrics         source     held          20,000  20,000
  metrics -> out  transport  held          20,000  20,000
  metrics -> out  delivery   violated      20,000  19,999
`);
  const lines = (await cli.refold("log", "last", "--stage", "out")).stdout;
  expect(lines).toMatch(/contract +delivery from metrics: violated, 20,000 advertised, 19,999 read\n/);
});

it("keeps each fact on its line, and the lines of a message under it, whatever they hold", async () => {
  const reason = "first\nKept in  /elsewhere";
  const stop = { kind: "stop-gracefully", reason };
  const fail = { kind: "fail", fault: { stage: "out", message: "Error: first\n\nRecords\nout 5" } };
  await keep([
    [SYSTEM, 0, move("pipeline", "ready", "running", stop)],
    [OUT, 1, move("out", "processing", "failed", fail)],
    [SYSTEM, 2, { kind: "seal", status: "failed", reason, data: [0, 0, 0], digest: "" }],
  ]);
  const { stdout } = await cli.refold("show", "last");
  expect(stdout.match(/first\\nKept in {2}\/elsewhere/g)).toHaveLength(2);
  expect(stdout).not.toMatch(/^Kept in/m);
  expect(stdout).toContain(`
Failure
  stage out: Error: first
${"      "}
      Records
      out 5
`);
});

it("shows a run whose times are none of the calendar", async () => {
  await keep([
    [SYSTEM, Number.NaN, move("pipeline", "ready", "running", { kind: "run" })],
    [SYSTEM, 1e300, move("pipeline", "running", "completed", { kind: "end" })],
  ]);
  for (const argv of [["show"], ["log"], ["log", "--json"], ["runs"]]) {
    const [command = "", ...flags] = argv;
    const { code, stderr } = await cli.refold(command, ...(command === "runs" ? [] : ["last"]), ...flags);
    expect({ argv, code, stderr }).toEqual({ argv, code: 0, stderr: "" });
  }
  expect((await cli.refold("log", "last")).stdout).toMatch(/ {2}1e\+300 ms {2}/);
});

it("tells of each process that took over the run: its source, whether its code had changed, what it was told, how it ended", async () => {
  const epoch = (runtime: string, code: string, more: Partial<EpochRecord> = {}): LogRecord => ({
    kind: "epoch",
    runtime,
    refold: "1.0.0",
    fingerprints: { metrics: "a", out: code },
    forced: false,
    ...more,
  });
  const seal = (status: "failed" | "completed"): LogRecord => ({
    kind: "seal",
    status,
    reason: status === "failed" ? "no" : undefined,
    data: [0, 0, 0],
    digest: "",
  });
  const begun = { kind: "effect-started", effect: "e", version: 1, cause: 0, ordinal: 0, key: "k", input: 1 } as const;
  const fail = { kind: "fail", fault: { stage: "out", message: "Error: no" } };
  await keep([
    [SYSTEM, 0, epoch("node 22", "x")],
    [OUT, 1, begun, move("out", "processing", "failed", fail)],
    [SYSTEM, 2, seal("failed")],
    [SYSTEM, 3_600_000, epoch("node 22", "y", { forced: true, source: { path: "/f.ts", sha256: "0123456789abcdef" } })],
    [SYSTEM, 3_700_000, epoch("bun 1", "y", { retryFailed: true })],
    [OUT, 3_700_001, { ...begun, attempt: 2 }],
    [SYSTEM, 3_700_002, epoch("bun 1", "y")],
    [SYSTEM, 3_700_003, seal("completed")],
  ]);
  const { stdout } = await cli.refold("show", "last");
  expect(stdout).toContain(`
Epochs
  began                        runtime                source        code            ended
  2026-01-01 00:00:00.000 UTC  node 22, refold 1.0.0                                failed
  2026-01-01 01:00:00.000 UTC  node 22, refold 1.0.0  0123456789ab  changed: out    interrupted  forced
  2026-01-01 01:01:40.000 UTC  bun 1, refold 1.0.0                  not comparable  interrupted  failed calls tried again, 1 call made again
  2026-01-01 01:01:40.002 UTC  bun 1, refold 1.0.0                  same            completed
`);
  expect(stdout).toMatch(/status +completed\n/);
  expect(stdout).not.toMatch(/Failure/);
  expect(JSON.parse((await cli.refold("show", "last", "--json")).stdout)).toMatchObject({
    epochs: [
      { runtime: "node 22", code: { kind: "first" }, sourceSha256: null, ended: "failed" },
      { code: { kind: "changed", stages: ["out"] }, sourceSha256: "0123456789abcdef", forced: true, ended: null },
      { code: { kind: "not-comparable" }, retryFailed: true, callsMadeAgain: 1 },
      { code: { kind: "same" }, ended: "completed" },
    ],
  });
});

it("lists the last changes of liveness, and says how many came before", async () => {
  const change = (status: "idle" | "healthy"): LogRecord => ({
    kind: "liveness",
    upstream: METRICS,
    reader: OUT,
    status,
  });
  await keep(
    Array.from(
      { length: 24 },
      (_, index) => [SYSTEM, index * 1000, change(index % 2 === 0 ? "idle" : "healthy")] as const,
    ),
  );
  const [, changes = ""] = /\nLiveness\n([^]*?)\n\n/.exec((await cli.refold("show", "last")).stdout) ?? [];
  const lines = changes.split("\n");
  expect(lines).toHaveLength(21);
  expect(lines.slice(0, 2)).toEqual(["  4 before these", "  +4.00 s  metrics -> out  idle"]);
  expect(lines.at(-1)).toBe("  +23.0 s  metrics -> out  healthy");
  expect((await cli.refold("log", "last")).stdout).toMatch(/liveness +metrics -> out: idle\n/);
  const asJson = JSON.parse((await cli.refold("log", "last", "--json")).stdout.split("\n")[0] ?? "") as object;
  expect(asJson).toMatchObject({ kind: "liveness", upstream: "metrics", reader: "out", status: "idle" });
});

it("keeps a stage apart from a machine of the system with the same name, whose failure is not the run's", async () => {
  await keep([
    [SYSTEM, 1, move("metrics", "created", "collecting", { kind: "begin" })],
    [METRICS, 2, move("metrics", "created", "initialized", { kind: "initialize" })],
    [SYSTEM, 3, move("metrics", "collecting", "failed", { kind: "fail" })],
  ]);
  const { stdout } = await cli.refold("show", "last");
  expect(stdout).toContain(`
  metrics  created → collecting +0 ms → failed +2 ms
  metrics  created → initialized +1 ms
`);
  expect(stdout).not.toMatch(/Failure|Control|Contracts|Liveness/);
});

it("says nothing of how long a replay took, as it repeats the times on record", async () => {
  await cli.module("items.flow.ts", () => ({
    default: flow("items", (f) => f.source("items", [1]).sink("out", () => undefined)),
  }));
  const { stdout } = await cli.refold("run", "items.flow.ts", "--json");
  const { runId } = JSON.parse(stdout) as { readonly runId: string };
  const { run } = JSON.parse((await cli.refold("replay", runId, "--json")).stdout) as { readonly run: string };
  const listed = (await cli.refold("runs")).stdout.split("\n");
  expect(listed.find((line) => line.includes(`replays ${runId}`))).toMatch(/UTC +replays/);
  expect(listed.find((line) => line.includes(runId))).toMatch(/UTC +\d+ ms$/);
  expect((await cli.refold("show", run)).stdout).not.toMatch(/took/);
  expect((await cli.refold("show", runId)).stdout).toMatch(/took +\d+ ms/);
});
