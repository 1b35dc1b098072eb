import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { FrameDraft, LogRecord } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow, runFlow, tapLog, type RecordedRun } from "@refold/testkit";

import { checkRecord } from "../test/check-record.ts";
import { inputsRead } from "../test/inputs-read.ts";
import { cuts, flowPlans, plannedFlow, type Delivered } from "../test/random-flow.ts";
import type { FlowHandle } from "./pipeline/flow-handle.ts";
import { pipelineMachine, type PipelineEvent } from "./pipeline/pipeline-machine.ts";
import { lifecycleOf } from "./replay/lifecycle-check.ts";

const RUNS = { seed: 20_260_101, numRuns: 60 };

/** A clock that goes on with every look at it, so that times on record differ. */
class TickingClock extends ManualClock {
  override now(): number {
    this.advance(1);
    return super.now();
  }
}

/** What a run is told, each at one of its frames. */
const commands = fc.array(
  fc.record({
    at: fc.nat(90),
    does: fc.constantFrom("pause", "resume", "pause", "resume", "stopGraceful", "stop", "abort"),
  }),
  { maxLength: 8 },
);

function tell(handle: FlowHandle, does: "pause" | "resume" | "stopGraceful" | "stop" | "abort"): void {
  if (does === "abort") handle.abort("enough");
  else if (does === "stop") handle.stop("enough");
  else if (does === "stopGraceful") handle.stopGraceful({ reason: "enough" });
  else handle[does]();
}

const comparable = (run: RecordedRun): unknown =>
  run.frames.map(({ lsn, lane, timeMs, firstSeq, records }) => ({
    lsn,
    lane,
    timeMs,
    firstSeq,
    records: records.map((record) =>
      record.kind === "epoch" ? "an epoch" : record.kind === "seal" ? { ...record, digest: "" } : record,
    ),
  }));

describe("every run of every flow", () => {
  it("keeps the promises of the record, and delivers what is on record", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, cuts, async (plan, configuration) => {
        const delivered: Delivered = new Map();
        const run = await FlowRun.open(plannedFlow(plan, delivered), {
          store: memoryStore(),
          clock: new TickingClock(),
          configuration,
        });
        const report = await run.run();
        expect(report).toMatchObject({ status: "completed", reason: undefined, fault: undefined, logFault: undefined });
        const recorded = await run.recorded();
        checkRecord(recorded, run.definition);
        for (const { name, ...stage } of run.definition.stages) {
          if (stage.kind !== "sink") continue;
          const [upstream] = stage.inputs;
          if (upstream === undefined) throw new Error("a sink that reads nothing");
          expect(delivered.get(name)).toEqual(inputsRead(recorded, upstream).map(({ payload }) => payload));
        }
        for (const { stage, out } of report.stages) expect(out).toBe(recorded.payloads(stage).length);
      }),
      RUNS,
    );
  });

  it("is matched by its replay, whose record is the same but for its epoch and digest; so is the replay of the replay", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, cuts, async (plan, configuration) => {
        const store = memoryStore();
        const { recorded } = await runFlow(plannedFlow(plan), {
          store,
          clock: new TickingClock(),
          number: 1,
          configuration,
        });
        const delivered: Delivered = new Map();
        const first = await replayFlow(plannedFlow(plan, delivered), { store, number: 1, into: 2 });
        const second = await replayFlow(plannedFlow(plan), { store, number: 2, into: 3 });
        for (const { report } of [first, second]) {
          expect(report.first).toBeUndefined();
          expect(report).toMatchObject({ verdict: "matched", uncertified: [] });
        }
        expect(comparable(first.recorded)).toEqual(comparable(recorded));
        expect(comparable(second.recorded)).toEqual(comparable(recorded));
        expect(second.recorded.frames.map(({ body }) => body)).toEqual(first.recorded.frames.map(({ body }) => body));
        for (const items of delivered.values()) expect(items).toEqual([]);
      }),
      RUNS,
    );
  });

  it("shows, at every moment, the state that the record amounts to, whatever it is told; and its replay never diverges", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, commands, cuts, async (plan, told, configuration) => {
        const store = memoryStore();
        const machine = pipelineMachine();
        const events: PipelineEvent[] = [];
        const stages = new Map<string, string>();
        const unfolded: unknown[] = [];
        const note = (frame: FrameDraft): void => {
          for (const record of frame.records) {
            if (record.kind !== "transition") continue;
            if (record.machine === "pipeline") events.push(record.event as PipelineEvent);
            else if (frame.lane !== 0) stages.set(record.machine, record.to);
            const differing = folds[frame.lane]?.take(record);
            if (differing !== undefined) unfolded.push([record, differing]);
          }
        };
        const shown: unknown[] = [];
        const folded: unknown[] = [];
        const look = (): void => {
          const kinds = run.handle.stages().map(({ stage, state }) => [stage, state]);
          shown.push([run.handle.state, kinds]);
          folded.push([
            machine.fold(events)._unsafeUnwrap(),
            kinds.map(([name = ""]) => [name, stages.get(name) ?? "created"]),
          ]);
        };
        const run = await FlowRun.open(plannedFlow(plan), {
          store,
          configuration,
          tap: (log) =>
            tapLog(log, {
              before: (_, number) => {
                look();
                for (const { at, does } of told) if (number === at) tell(run.handle, does);
                return undefined;
              },
              after: note,
            }),
        });
        const folds = [undefined, ...run.definition.stages].map(lifecycleOf);
        run.handle.watch(look);
        let ended = false;
        const report = run.run().finally(() => (ended = true));
        // Whoever is paused, now or once more after that, would wait for ever.
        for (let looks = 0; looks < 100 && !ended; looks++) {
          await run.clock.idle();
          run.handle.resume();
        }
        expect(ended).toBe(true);
        const { status } = await report;
        look();
        expect(shown).toEqual(folded);
        expect(unfolded).toEqual([]);
        expect(run.clock.timers).toBe(0);
        checkRecord(await run.recorded(), run.definition);
        if (told.every(({ does }) => does === "pause" || does === "resume")) expect(status).toBe("completed");
        const replay = await replayFlow(plannedFlow(plan), { store });
        expect(replay.report.first).toBeUndefined();
        expect(replay.report.verdict).toBe("matched");
      }),
      { ...RUNS, numRuns: 120 },
    );
  });

  it("has each step's inputs and outputs in one frame, whatever its steps hold", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, async (plan) => {
        const { recorded } = await runFlow(plannedFlow(plan), { store: memoryStore() });
        for (const stage of recorded.manifest.lanes.slice(1)) {
          for (const { records } of recorded.framesOf(stage)) {
            const kinds = new Set(records.map(({ kind }: LogRecord) => kind));
            if (/^(?:map|filter|flatmap|transform|random|route|check|reject)/.test(stage) && kinds.has("data")) {
              expect(records[0]?.kind).toBe("consumed");
            }
            if (!kinds.has("receipt")) continue;
            const outcomes = records.map((record) => (record.kind === "receipt" ? record.outcome : record.kind));
            // What is committed may be of any step before.
            if (!outcomes.includes("committed")) expect(kinds).toEqual(new Set(["consumed", "receipt"]));
            else expect(new Set(outcomes)).toEqual(new Set(["committed"]));
          }
        }
      }),
      RUNS,
    );
  });
});
