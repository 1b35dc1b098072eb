import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { RunLog, RunStore } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, RecordedRun, replayFlow, tapLog, testRunId } from "@refold/testkit";

import { killedAfter, SnapshotsTaken } from "../../test/killed-run.ts";
import { cuts, flowPlans, plannedFlow } from "../../test/random-flow.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { groupBy } from "../authoring/group-by.ts";
import { onEnd } from "../authoring/schedule.ts";

const RUNS = { seed: 20_260_103, numRuns: 60 };

const SOON = { flow: { "snapshots.everyMs": 10, "stage.stepInputs": 2, "flowControl.windowRecords": 8 } } as const;

/** A clock that goes on with every look at it. */
class TickingClock extends ManualClock {
  override now(): number {
    this.advance(1);
    return super.now();
  }
}

/** Counts by key, and gives the counts at the end. */
const counting = (step = 1): Flow =>
  flow("counting", (f) =>
    f
      .source(
        "words",
        Array.from({ length: 300 }, (_, n) => `word ${n % 7}`),
      )
      .stateful(
        "counts",
        groupBy({ key: (word) => word, initial: () => 0, fold: (count) => count + step, emit: onEnd() }),
      )
      .sink("out", () => undefined),
  );

interface Taken {
  readonly recorded: RecordedRun;
  readonly snapshots: SnapshotsTaken;
}

async function taken(
  described: Flow,
  configuration: Parameters<typeof FlowRun.open>[1]["configuration"] = SOON,
): Promise<Taken> {
  const snapshots = new SnapshotsTaken();
  const run = await FlowRun.open(described, {
    store: memoryStore(),
    clock: new TickingClock(),
    configuration,
    tap: (log) => snapshots.follow(log, 0),
  });
  expect(await run.run()).toMatchObject({ status: "completed" });
  return { recorded: await run.recorded(), snapshots };
}

/** Goes on with a run: what is on record then, and the first frame that was read. */
async function resumed(
  described: Flow,
  store: RunStore,
  force = false,
  number = 1,
): Promise<{ recorded: RecordedRun; readFrom: number | undefined }> {
  let readFrom: number | undefined;
  const tap = (log: RunLog): RunLog =>
    Object.assign(tapLog(log, {}), {
      read: (from: Parameters<RunLog["read"]>[0]) => {
        readFrom ??= from;
        return log.read(from);
      },
    });
  const run = await FlowRun.resume(described, { store, clock: new TickingClock(), tap, force, number });
  expect(await run.run()).toMatchObject({ status: "completed" });
  return { recorded: await run.recorded(), readFrom };
}

const contents = (run: RecordedRun): unknown =>
  run.frames.map(({ lane, timeMs, firstSeq, records }) => ({ lane, timeMs, firstSeq, records }));

describe("a run that was killed", () => {
  it("comes to the same record with its snapshots and without them", async () => {
    let withSnapshot = 0;
    await fc.assert(
      fc.asyncProperty(flowPlans, cuts, fc.nat(1000), async (plan, { flow: settings }, at) => {
        const { recorded, snapshots } = await taken(plannedFlow(plan), {
          flow: { ...settings, "snapshots.everyMs": 10 },
        });
        const frames = 1 + Math.floor(((recorded.frames.length - 2) * at) / 1000);
        const kept = snapshots.upTo(frames);
        const fast = await resumed(plannedFlow(plan), await killedAfter(recorded, frames, kept));
        const slow = await resumed(plannedFlow(plan), await killedAfter(recorded, frames));
        expect(slow.readFrom).toBe(0);
        if (kept.length > 0) withSnapshot++;
        expect(contents(fast.recorded)).toEqual(contents(slow.recorded));
      }),
      RUNS,
    );
    expect(withSnapshot).toBeGreaterThan(RUNS.numRuns / 4);
  });

  it("goes on from a snapshot, and reads of the record before it only what was in flight", async () => {
    const { recorded, snapshots } = await taken(counting());
    const frames = recorded.frames.length - 4;
    const [before] = snapshots.upTo(frames).slice(-2);
    const store = await killedAfter(recorded, frames, snapshots.upTo(frames));
    const { readFrom, recorded: whole } = await resumed(counting(), store);
    expect(readFrom).toBeGreaterThan(0);
    expect(readFrom).toBeLessThanOrEqual(before?.lsn ?? 0);
    expect(whole.payloads("counts")).toEqual(recorded.payloads("counts"));
  });

  it("is refused where a value that no text of the code tells has changed, and with it what it comes to", async () => {
    const { recorded, snapshots } = await taken(counting());
    const { lsn: frames } = snapshots.upTo(recorded.frames.length - 1).at(-1) ?? { lsn: 0 };
    const refused = async (kept = snapshots.upTo(frames)): Promise<unknown> => {
      const store = await killedAfter(recorded, frames, kept);
      return resumed(counting(2), store).catch(({ cause }: Error) => cause);
    };
    const difference = expect.objectContaining({ path: "$.state.entries[1].value" }) as unknown;
    expect(await refused()).toMatchObject({
      kind: "resume-diverged",
      report: {
        first: {
          stage: "counts",
          lsn: frames,
          code: "same",
          differences: expect.arrayContaining([difference]) as unknown,
        },
      },
    });
  });

  it("is computed from its whole record where it is gone on with by force, and from then on by what was computed so", async () => {
    const { recorded, snapshots } = await taken(counting());
    const { lsn: frames } = snapshots.upTo(recorded.frames.length - 1).at(-1) ?? { lsn: 0 };
    const before = snapshots.upTo(frames);
    const forced = await resumed(counting(2), await killedAfter(recorded, frames, before), true);
    expect(forced.readFrom).toBe(0);
    expect(forced.recorded.payloads("counts")).toEqual((await taken(counting(2))).recorded.payloads("counts"));
    // Killed before it had a snapshot of its own, by a process that need not be told again.
    const again = await resumed(counting(2), await killedAfter(forced.recorded, frames + 30, before));
    expect(again.recorded.payloads("counts")).toEqual(forced.recorded.payloads("counts"));
  });

  it("goes on from its record where its snapshots are those of another run", async () => {
    const { recorded, snapshots } = await taken(counting());
    const frames = recorded.frames.length - 1;
    const manifest = { ...recorded.manifest, runId: testRunId(2) };
    const other = new RecordedRun({ ...manifest, rootRunId: manifest.runId }, recorded.frames);
    const { readFrom } = await resumed(counting(), await killedAfter(other, frames, snapshots.upTo(frames)), false, 2);
    expect(readFrom).toBe(0);
  });

  it("is held against its whole record where it has but one snapshot", async () => {
    const { recorded, snapshots } = await taken(counting());
    const frames = recorded.frames.length - 1;
    const { readFrom } = await resumed(
      counting(),
      await killedAfter(recorded, frames, snapshots.upTo(frames).slice(0, 1)),
    );
    expect(readFrom).toBe(0);
  });

  it("goes on from its record where its snapshots cannot be read", async () => {
    const { recorded, snapshots } = await taken(counting());
    const frames = recorded.frames.length - 1;
    for (const spoilt of [new Uint8Array(0), new Uint8Array(100), Uint8Array.of(0x91, 0x80)]) {
      const kept = snapshots.upTo(frames).map(({ lsn }) => ({ lsn, body: spoilt }));
      const { readFrom, recorded: whole } = await resumed(counting(), await killedAfter(recorded, frames, kept));
      expect(readFrom).toBe(0);
      expect(whole.payloads("counts")).toEqual(recorded.payloads("counts"));
    }
  });
});

describe("a run that goes on", () => {
  it("takes no snapshots where that is turned off", async () => {
    const { snapshots, recorded } = await taken(counting(), { flow: { ...SOON.flow, "snapshots.everyMs": "never" } });
    expect(snapshots.upTo(recorded.frames.length)).toEqual([]);
  });

  it("takes one after so many records, however long that took", async () => {
    const settings = { ...SOON.flow, "snapshots.everyMs": 800, "snapshots.everyRecords": 100 };
    const often = await taken(counting(), { flow: settings });
    const seldom = await taken(counting(), { flow: { ...settings, "snapshots.everyRecords": 1_000_000 } });
    const count = ({ snapshots }: Taken): number => snapshots.upTo(Number.POSITIVE_INFINITY).length;
    expect(count(seldom)).toBeGreaterThan(0);
    expect(count(often)).toBeGreaterThan(count(seldom));
  });

  it("does without them, and says so once, where a state cannot be stored", async () => {
    const said: unknown[] = [];
    const described = flow("functions", (f) =>
      f
        .source(
          "numbers",
          Array.from({ length: 60 }, (_, n) => n),
        )
        .stateful("last", {
          initial: () => ({ next: () => 1 }),
          fold: (state) => state,
          project: () => [1],
          emit: onEnd(),
        })
        .sink("out", () => undefined),
    );
    const note =
      (level: string) =>
      (...what: unknown[]): void =>
        void said.push([level, ...what]);
    const logger = { warn: note("warn"), error: note("error") };
    const run = await FlowRun.open(described, {
      store: memoryStore(),
      clock: new TickingClock(),
      configuration: SOON,
      logger,
    });
    expect(await run.run()).toMatchObject({ status: "completed" });
    expect(said).toEqual([
      [
        "warn",
        "no snapshots of this run: the state of last cannot be stored",
        expect.objectContaining({ detail: "a function" }),
      ],
    ]);
  });

  it("takes them of a stage whose state is that of calls under way, between two of them", async () => {
    const described = flow("calls", (f) =>
      f
        .source(
          "numbers",
          Array.from({ length: 40 }, (_, n) => n),
        )
        .statefulEffects("sums", {
          effects: {},
          initial: () => 0,
          handle: async (sum: number, n: number) => {
            await Promise.resolve();
            return { state: sum + n, outputs: [sum + n] };
          },
        })
        .sink("out", () => undefined),
    );
    const { recorded, snapshots } = await taken(described);
    const frames = recorded.frames.length - 6;
    const kept = snapshots.upTo(frames);
    expect(kept.length).toBeGreaterThan(3);
    for (const last of kept.keys()) {
      const store = await killedAfter(recorded, frames, kept.slice(0, last + 1));
      const { recorded: whole } = await resumed(described, store);
      expect(whole.payloads("sums")).toEqual(recorded.payloads("sums"));
      expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
    }
  });
});
