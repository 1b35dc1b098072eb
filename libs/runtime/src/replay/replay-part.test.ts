import { describe, expect, it } from "vitest";

import type { LogRecord, Lsn } from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { poll } from "../authoring/poll.ts";
import { explainReplayFault } from "./explain-replay-fault.ts";
import type { ReachedInput, ReplayRunFault } from "./replay-options.ts";

/** What handlers were called with, by stage. */
type Calls = Record<string, unknown[]>;

/** numbers → doubled → asked (effectful) → last → out, one input a step. */
const flowWith = (calls: Calls, factor = 2): Flow =>
  flow(
    "numbers",
    (f) => {
      const called = (stage: string, input: unknown): void => void (calls[stage] ??= []).push(input);
      f.source("numbers", [1, 2, 3])
        .map("doubled", (n) => (called("doubled", n), n * factor))
        .effectful("asked", {
          effects: { add: effect({ name: "add", safety: "idempotent", run: (n: number) => n + 100 }) },
          handle: async (n, { effects }) => (called("asked", n), (await effects.add(n)).unwrapOr(0)),
        })
        .map("last", (n) => (called("last", n), { n }))
        .sink("out", () => undefined);
    },
    { configuration: { flow: { "stage.stepInputs": 1 } } },
  );

async function recordedRun(): Promise<{ store: MemoryStore; recorded: RecordedRun }> {
  const store = memoryStore();
  const { recorded } = await runFlow(flowWith({}), { store });
  return { store, recorded };
}

const isData = ({ kind }: LogRecord): boolean => kind === "data";

/** The place of the item of this index, and the frame that holds it. */
function itemOf(recorded: RecordedRun, stage: string, item: number): { place: string; lsn: number } {
  const seqs = [...recorded.records(stage).entries()].filter(([, record]) => isData(record)).map(([seq]) => seq);
  const seq = seqs[item] as number;
  const frame = recorded
    .framesOf(stage)
    .find(({ firstSeq, records }) => seq >= firstSeq && seq < firstSeq + records.length);
  return { place: `${stage}:${seq}`, lsn: frame?.lsn as number };
}

async function refusalOf(options: Parameters<typeof replayFlow>[1]): Promise<string> {
  const thrown = (await replayFlow(flowWith({}), options).catch((cause: unknown) => cause)) as Error;
  return explainReplayFault(thrown.cause as ReplayRunFault);
}

describe("a replay up to a record", () => {
  it("computes to the frame that holds it, keeps just that, and says what it left out", async () => {
    const { store, recorded } = await recordedRun();
    const { place, lsn } = itemOf(recorded, "last", 1);
    for (const [index, until] of [place, String(lsn)].entries()) {
      const { report, recorded: computed } = await replayFlow(flowWith({}), { store, until, into: 2 + index });
      expect(report).toMatchObject({ verdict: "matched", frames: lsn + 1, uncertified: [] });
      const name = index === 0 ? place : `frame ${lsn}`;
      expect(report.leftOut).toEqual([
        `Frames ${lsn + 1} to ${recorded.frames.length - 1} were left out: the replay was to go up to ${name}.`,
      ]);
      expect(computed.frames.map(({ lane, records }) => ({ lane, records }))).toEqual(
        recorded.frames
          .slice(0, lsn + 1)
          .map(({ lane, records }) => ({ lane, records: ownRecords(records, computed) })),
      );
    }
  });

  it("judges only what it has compared", async () => {
    const { store, recorded } = await recordedRun();
    const { lsn } = itemOf(recorded, "doubled", 0);
    const changed = flowWith({}, 3);
    expect((await replayFlow(changed, { store, until: String(lsn - 1) })).report.verdict).toBe("matched");
    const { report } = await replayFlow(changed, { store, until: String(lsn), into: 3 });
    expect(report).toMatchObject({ verdict: "diverged", first: { stage: "doubled", lsn } });
  });

  it("leaves nothing out where the record is in the last frame, or the run cut short is shown to its end", async () => {
    const { store, recorded } = await recordedRun();
    const last = recorded.frames.length - 1;
    const { report } = await replayFlow(flowWith({}), { store, until: String(last) });
    expect(report).toMatchObject({ verdict: "matched", leftOut: [], frames: last + 1 });
  });

  it("is refused for a record that there is not, with what there is", async () => {
    const { store, recorded } = await recordedRun();
    const frames = recorded.frames.length;
    const records = recorded.records("doubled").length;
    expect(await refusalOf({ store, until: String(frames) })).toBe(
      `The run has no frame ${frames}: it has frames 0 to ${frames - 1}.`,
    );
    expect(await refusalOf({ store, until: "doubld:0", into: 3 })).toBe(
      'The run has no stage "doubld". Did you mean "doubled"?',
    );
    expect(await refusalOf({ store, until: `doubled:${records}`, into: 4 })).toBe(
      `Stage "doubled" has no record doubled:${records}: it has doubled:0 to doubled:${records - 1}.`,
    );
    expect(await refusalOf({ store, until: "the end", into: 5 })).toMatch(
      /^"the end" names no record\. Give .*stage:seq/,
    );
  });
});

describe("a replay of one stage", () => {
  it("calls its handler alone, on the inputs on record, and compares nothing else", async () => {
    const { store } = await recordedRun();
    for (const [index, stage] of ["doubled", "asked", "last"].entries()) {
      const calls: Calls = {};
      const { report } = await replayFlow(flowWith(calls), { store, stage, into: 2 + index });
      expect(Object.keys(calls)).toEqual([stage]);
      expect(calls[stage]).toHaveLength(3);
      expect(report).toMatchObject({ verdict: "matched", stages: [{ stage, matched: 3 }] });
      expect(report.stages).toHaveLength(1);
      expect(report.leftOut.join()).toContain(`Only stage "${stage}" was computed`);
    }
    const others = await replayFlow(flowWith({}, 3), { store, stage: "last", into: 6 });
    expect(others.report.verdict).toBe("matched");
    const own = await replayFlow(flowWith({}, 3), { store, stage: "doubled", into: 7 });
    expect(own.report).toMatchObject({ verdict: "diverged", stages: [{ diverged: 3 }] });
  });

  it("is refused where there is no such stage, or nothing of it is computed", async () => {
    const { store } = await recordedRun();
    expect(await refusalOf({ store, stage: "lst" })).toBe('The run has no stage "lst". Did you mean "last"?');
    expect(await refusalOf({ store, stage: "out", into: 3 })).toBe(
      'Stage "out" is a sink: a replay takes it as it is on record, and computes nothing of it. These are: doubled, asked, last.',
    );
  });
});

describe("a replay that stops before an input", () => {
  it("tells of the input at the place, before its handler takes it", async () => {
    const { store, recorded } = await recordedRun();
    for (const [index, [from, stage, input]] of (
      [
        ["numbers", "doubled", 2],
        ["doubled", "asked", 4],
        ["asked", "last", 104],
      ] as const
    ).entries()) {
      const calls: Calls = {};
      const reached: (ReachedInput & { readonly before: number })[] = [];
      const { place } = itemOf(recorded, from, 1);
      const note = (at: ReachedInput): void => void reached.push({ ...at, before: calls[stage]?.length ?? 0 });
      const breakAt = { place, reached: note };
      const { report } = await replayFlow(flowWith(calls), { store, breakAt, into: 2 + index });
      expect(reached).toEqual([{ stage, place, input, before: 1 }]);
      expect(report.verdict).toBe("matched");
    }
  });

  it("is refused where no handler takes what is named", async () => {
    const { store } = await recordedRun();
    const reached = (): void => undefined;
    expect(await refusalOf({ store, breakAt: { place: "last:3", reached } })).toBe(
      "No handler that a replay calls takes last:3. It is read by: out.",
    );
    expect(await refusalOf({ store, stage: "last", breakAt: { place: "numbers:3", reached }, into: 3 })).toBe(
      'The handler of stage "last" does not take numbers:3. It is read by: doubled.',
    );
    expect(await refusalOf({ store, breakAt: { place: "numbers:99", reached }, into: 4 })).toMatch(
      /^Stage "numbers" has no record numbers:99: it has numbers:0 to numbers:\d+\.$/,
    );
  });
});

describe("a replay in real time", () => {
  /** A run whose items came 1, 10 and 100 seconds apart. */
  async function slowRun(): Promise<{ described: Flow; store: MemoryStore; recorded: RecordedRun }> {
    let polls = 0;
    const described = flow("slow", (f) =>
      f
        .source(
          "numbers",
          poll(() => ({ items: [polls], againMs: 1_000 * 10 ** polls++, done: polls > 3 })),
        )
        .map("same", (n) => n)
        .sink("out", () => undefined),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    const ended = run.run();
    for (const ms of [1_000, 10_000, 100_000]) {
      await run.clock.idle();
      run.clock.advance(ms);
    }
    await ended;
    return { described, store, recorded: await run.recorded() };
  }

  const timesOf = (recorded: RecordedRun): readonly number[] =>
    recorded
      .framesOf("same")
      .filter(({ records }) => records.some(isData))
      .map(({ timeMs }) => timeMs);

  it("hands frames on at the recorded distances of time, or so many times as fast", async () => {
    const { described, store, recorded } = await slowRun();
    const [firstMs] = recorded.frames.map(({ timeMs }) => timeMs);
    const distances = timesOf(recorded).map((timeMs) => timeMs - (firstMs as number));
    expect(distances).toEqual([0, 1_000, 11_000, 111_000]);
    for (const speed of [1, 10, 0.5]) {
      const clock = new ManualClock(Date.UTC(2030, 0));
      const startMs = clock.now();
      const seen: number[] = [];
      const place = (item: number): string => itemOf(recorded, "numbers", item).place;
      const replays = [0, 1, 2, 3].map((item) =>
        replayFlow(described, {
          store,
          clock,
          speed,
          breakAt: { place: place(item), reached: () => seen.push(clock.now() - startMs) },
          into: 10 + 100 * speed + item,
        }),
      );
      for (;;) {
        await clock.idle();
        if (clock.nextMs === undefined) break;
        clock.advance(clock.nextMs - clock.now());
      }
      for (const { report } of await Promise.all(replays)) expect(report.verdict).toBe("matched");
      expect(seen).toEqual(distances.map((ms) => ms / speed));
    }
  });

  it("can be given up while it waits, leaves no timer behind, and does not certify the rest", async () => {
    const { described, store } = await slowRun();
    const clock = new ManualClock();
    const stop = new AbortController();
    const replay = replayFlow(described, { store, clock, speed: 1, signal: stop.signal });
    await clock.idle();
    clock.advance(5_000);
    await clock.idle();
    expect(clock.timers).toBe(1);
    stop.abort();
    const { report, recorded: computed } = await replay;
    expect(clock.timers).toBe(0);
    expect(computed.payloads("same")).toEqual([0, 1]);
    expect(report).toMatchObject({ verdict: "uncertified", leftOut: [] });
    expect(report.uncertified).toEqual([
      `The replay was given up after ${computed.frames.length} frames: what comes behind was not compared.`,
    ]);
  });

  it("does not take a speed that is none", async () => {
    const { store } = await recordedRun();
    for (const [index, speed] of [0, -1, Number.NaN].entries()) {
      await expect(replayFlow(flowWith({}), { store, speed, into: 2 + index })).rejects.toThrow(RangeError);
    }
  });
});

/** What a candidate says for itself in place of the recorded run. */
function ownRecords(records: readonly LogRecord[], computed: RecordedRun): readonly LogRecord[] {
  const own = computed.records("system").find(({ kind }) => kind === "epoch") as LogRecord;
  return records.map((record) => (record.kind === "epoch" ? own : record));
}

it("what was let go of is named as such, not as what is left in its place", async () => {
  const { store, recorded } = await recordedRun();
  const first = itemOf(recorded, "doubled", 0);
  const log = (await store.resume(recorded.manifest.runId))._unsafeUnwrap();
  (await log.retain((first.lsn + 1) as Lsn, "drop"))._unsafeUnwrap();
  await log.close();
  for (const [index, until] of [first.place, String(first.lsn)].entries()) {
    expect(await refusalOf({ store, until, into: index + 2 })).toMatch(
      /^Frames from \d+ on are no longer in the log: it begins with frame/,
    );
  }
});

it("a stage is computed alone in a run that several processes worked on", async () => {
  const { recorded } = await recordedRun();
  for (let frames = 40; frames < recorded.frames.length; frames += 3) {
    const store = await killedAfter(recorded, frames);
    await (await FlowRun.resume(flowWith({}), { store })).run();
    for (const [index, stage] of ["doubled", "asked", "last"].entries()) {
      const { report } = await replayFlow(flowWith({}), { store, stage, into: 2 + index });
      expect(report).toMatchObject({ verdict: "matched", stages: [{ stage, diverged: 0 }] });
    }
  }
});
