import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { CommitHandle, LaneSeq, LogRecord, SinkContext, Span, TypeId } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";
import { ok } from "neverthrow";

import { cuts, flowPlans, plannedFlow } from "../../test/random-flow.ts";
import { rewrite, type Edit } from "../../test/rewrite.ts";
import { tamperings } from "../../test/tampering.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { reject } from "../authoring/rejection.ts";
import { within } from "../authoring/schedule.ts";
import type { FlowDefinition } from "../definition/flow-definition.ts";

/** What a replay cannot know, since the record alone has it; and why. */
const TAKEN_ON_TRUST: readonly (readonly [tampering: RegExp, why: string])[] = [
  [/^data payload @source/, "what a source read comes from outside; seen only where something was computed of it"],
  [/^cursor cursor /, "a cursor is the source's own"],
  [/^(?:drop|repeat|drop frame of|repeat frame of) cursor/, "a cursor is the source's own"],
  [/^consumed another order /, "the merge order comes from outside; seen only where something hangs on it"],
  [/^receipt (?:success to failed|failed to success|detail)/, "how a delivery ended is what the sink said of it"],
  [/^effect-settled (?:value|outcome)/, "an outcome comes from outside; seen only where something hangs on it"],
  [
    /^effect-started key/,
    "a key may be of the run that a fork came of, or of a function that knows more than the input",
  ],
  [/^repeat (?:frame of )?effect-/, "a call that is made anew is on record again"],
  [/^policy |^(?:drop|repeat)(?: frame of)? policy/, "what a policy decided hangs on the time and the outside of then"],
  [/^liveness |^(?:drop|repeat)(?: frame of)? liveness/, "how an edge fared hangs on the time of then"],
  [/^epoch (?:runtime|fingerprints|forced)/, "a process says itself what it is"],
  [/^repeat (?:frame of )?epoch/, "a process may take over a run and die at once"],
  [
    /^(?:drop|repeat)(?: frame of)? transition @system/,
    "the pipeline is told of stages and by people; some of it leads nowhere",
  ],
  [/^seal digest/, "a log in memory keeps no digest"],
  [/^(?:drop|repeat) frame of consumed of nothing /, "a step that took nothing says nothing"],
];

/** A clock that goes on with every look at it, so that times on record differ. */
class TickingClock extends ManualClock {
  override now(): number {
    this.advance(1);
    return super.now();
  }
}

/** A run with one thing about it changed. */
interface Tampered {
  readonly name: string;
  readonly frames: RecordedRun["frames"];
}

/** Changes one record: of each kind and each kind of stage, one is picked, and one of the ways to change it. */
function* tamperedRecords(recorded: RecordedRun, definition: FlowDefinition, pick: () => number): Iterable<Tampered> {
  const places = new Map<string, { readonly frame: number; readonly record: number; readonly stage: string }[]>();
  for (const [frame, { lane, records }] of recorded.frames.entries()) {
    const stage = definition.stages[lane - 1]?.kind ?? "system";
    for (const [record, { kind }] of records.entries()) {
      const known = places.get(`${kind} ${stage}`);
      if (known === undefined) places.set(`${kind} ${stage}`, [{ frame, record, stage }]);
      else known.push({ frame, record, stage });
    }
  }
  for (const all of places.values()) {
    const { frame, record, stage } = pickFrom(all, pick);
    const tampering = pickFrom(tamperings(recorded.frames[frame]?.records[record] as LogRecord), pick);
    yield {
      name: `${tampering.name} @${stage}`,
      frames: recorded.frames.map((one, index) =>
        index === frame ? { ...one, records: one.records.toSpliced(record, 1, ...tampering.records) } : one,
      ),
    };
  }
}

/** Leaves whole frames out, or has them twice. */
function* tamperedFrames(recorded: RecordedRun, definition: FlowDefinition, pick: () => number): Iterable<Tampered> {
  const { frames } = recorded;
  for (let count = 0; count < 6; count++) {
    const at = pick() % frames.length;
    const { lane, records } = frames[at] as (typeof frames)[number];
    const kinds = new Set(records.map((record) => (saysNothing(record) ? "consumed of nothing" : record.kind)));
    const of = `frame of ${[...kinds].join(" and ")} @${definition.stages[lane - 1]?.kind ?? "system"}`;
    yield pick() % 2 === 0
      ? { name: `drop ${of}`, frames: frames.filter((_, index) => index !== at) }
      : { name: `repeat ${of}`, frames: frames.flatMap((frame, index) => (index === at ? [frame, frame] : [frame])) };
  }
}

function saysNothing(record: LogRecord): boolean {
  return record.kind === "consumed" && record.spans.length === 0;
}

function pickFrom<T>(all: readonly T[], pick: () => number): T {
  return all[pick() % all.length] as T;
}

/** Whether the record can be written at all; if not, its codec has refused it. */
async function isWritable(store: ReturnType<typeof memoryStore>, run: RecordedRun, number: number): Promise<boolean> {
  return rewrite(store, run, number, ({ records }) => records).then(
    () => true,
    () => false,
  );
}

describe("a record that was tampered with", () => {
  it("is never matched, whatever was changed, dropped or repeated, but where nobody can know", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, cuts, fc.infiniteStream(fc.nat()), async (plan, configuration, picks) => {
        const pick = (): number => picks.next().value as number;
        const short = { ...plan, sources: plan.sources.map((one) => ({ ...one, items: one.items.slice(0, 40) })) };
        const store = memoryStore();
        const run = await FlowRun.open(plannedFlow(short), { store, clock: new TickingClock(), configuration });
        expect((await run.run()).status).toBe("completed");
        const recorded = await run.recorded();
        let number = 2;
        const { definition } = run;
        const all = [...tamperedRecords(recorded, definition, pick), ...tamperedFrames(recorded, definition, pick)];
        for (const { name, frames } of all) {
          number += 2;
          const tampered = { manifest: recorded.manifest, frames } as RecordedRun;
          if (!(await isWritable(store, tampered, number))) continue;
          const verdict = await replayFlow(plannedFlow(short), { store, number }).then(
            ({ report }) => report.verdict,
            (refusal: unknown) => {
              expect(refusal).toMatchObject({ cause: { kind: "malformed-record" } });
              return "refused";
            },
          );
          if (TAKEN_ON_TRUST.some(([known]) => known.test(name))) continue;
          expect([name, verdict === "matched"]).toEqual([name, false]);
        }
      }),
      { seed: 20_260_104, numRuns: 8 },
    );
  });
});

/** Numbers that are checked, called for, summed up in time, and delivered in batches that are committed later. */
const checked = (): Flow =>
  flow("checked", (f) => {
    const call = effect({ name: "call", safety: "keyed", run: async (n: number) => n });
    const numbers = f.source("numbers", [1, 2, 3, 4, 5, 6]);
    const odd = numbers.tryMap("odd", (n) => (n % 2 === 0 ? reject("validation", "even") : ok(n)));
    odd
      .effectful("called", {
        effects: { call },
        handle: async (n, { effects }) => (await effects.call(n)).unwrapOr(0),
      })
      .stateful("sum", { initial: () => 0, fold: (sum, n) => sum + n, project: (sum) => [sum], emit: within(1) })
      .sink("out", {
        guarantee: "at-least-once",
        describe: () => "out",
        open: (context: SinkContext) => {
          const handles: CommitHandle[] = [];
          return {
            write: (batch) => {
              handles.push(batch.buffer());
              return { outcome: "buffered" as const };
            },
            flush: () => {
              for (const handle of handles.splice(0)) context.commit(handle);
            },
          };
        },
      });
  });

type Kind<K extends LogRecord["kind"]> = Extract<LogRecord, { kind: K }>;

/** Changes the first record of a kind in a lane. */
function changing<K extends LogRecord["kind"]>(
  lane: string,
  kind: K,
  change: (record: Kind<K>) => readonly LogRecord[],
  isMeant: (record: Kind<K>) => boolean = () => true,
): (recorded: RecordedRun) => Edit {
  return ({ manifest }) => {
    let done = false;
    return (frame) =>
      frame.records.flatMap((record) => {
        if (done || manifest.lanes[frame.lane] !== lane || record.kind !== kind) return [record];
        if (!isMeant(record as Kind<K>)) return [record];
        done = true;
        return change(record as Kind<K>);
      });
  };
}

const seq = (value: number): LaneSeq => value as LaneSeq;
const next = ({ first, last, lane }: Span): Span => ({ lane, first: seq(first + 1), last: seq(last + 1) });
const causeOf = ({ cause }: { readonly cause: unknown }): readonly Span[] => cause as readonly Span[];

const DIVERGED = {
  "a record of a source that has a cause": changing("numbers", "data", (one) => [{ ...one, cause: 0 }]),
  "a record of a source that has another origin": changing("numbers", "data", (one) => [
    { ...one, originSeq: seq(one.originSeq + 1) },
  ]),
  "a record of a source that has come round a cycle": changing("numbers", "data", (one) => [{ ...one, hops: 1 }]),
  "a record of a source that is of another stage's type": changing("numbers", "data", (one) => [
    { ...one, type: (one.type + 1) as TypeId },
  ]),
  "an aggregate that is not its own origin": changing("sum", "data", (one) => [
    { ...one, originSeq: seq(one.originSeq + 1) },
  ]),
  "a rejected input that was another": changing("odd", "error", (one) => [{ ...one, input: 4711 }]),
  "a lane that ends twice": changing("odd", "end", (one) => [one, one]),
  "a poisoned end of a stage that has not failed": changing("odd", "end", (one) => [{ ...one, end: "poison" }]),
  "a contract that is told of twice": changing("out", "contract", (one) => [one, one]),
  "a batch that is committed from its second input on": changing(
    "out",
    "receipt",
    (one) => [{ ...one, first: 1 }],
    ({ outcome }) => outcome === "committed",
  ),
  "a timer that no stage has": changing("sum", "timer", (one) => [{ ...one, timer: "another" }]),
  "an outcome of another effect than was begun": changing("called", "effect-settled", (one) => [
    { ...one, effect: "another" },
  ]),
  "a call that was never begun": changing("called", "effect-started", () => [
    { kind: "policy", policy: "none", decision: "none", detail: undefined },
  ]),
  "a call for another input than was begun": changing("called", "effect-started", (one) => [
    { ...one, cause: causeOf(one).map(next) },
  ]),
  "a call for several inputs": changing("called", "effect-settled", (one) => [
    { ...one, cause: causeOf(one).map((span) => ({ ...span, last: seq(span.last + 1) })) },
  ]),
} as const;

const REFUSED = {
  "a run that does not begin with an epoch": changing("system", "epoch", () => []),
  "a seal that does not stand alone": changing("system", "seal", (one) => [one, one]),
  "a frame that holds two steps": changing("odd", "consumed", (one) => [one, one]),
} as const;

async function tamperedWith(edit: (recorded: RecordedRun) => Edit): Promise<ReturnType<typeof replayFlow>> {
  const store = memoryStore();
  const { recorded, report } = await runFlow(checked(), {
    store,
    clock: new TickingClock(),
    configuration: { flow: { "stage.stepInputs": 2 } },
  });
  expect(report.status).toBe("completed");
  expect((await replayFlow(checked(), { store, into: 9 })).report.verdict).toBe("matched");
  await rewrite(store, recorded, 2, edit(recorded));
  return replayFlow(checked(), { store, number: 2 });
}

describe("what a record claims beside payloads", () => {
  for (const [what, edit] of Object.entries(DIVERGED)) {
    it(`is held against what can be: ${what} is a divergence`, async () => {
      expect((await tamperedWith(edit)).report.verdict).toBe("diverged");
    });
  }

  for (const [what, edit] of Object.entries(REFUSED)) {
    it(`has to make sense: ${what} is refused`, async () => {
      await expect(tamperedWith(edit)).rejects.toMatchObject({ cause: { kind: "malformed-record" } });
    });
  }
});
