import { describe, expect, it } from "vitest";

import type { Kinded, Machine } from "@refold/fsm";

import { aggregatorMachine } from "../metrics/metrics-aggregator.ts";
import { pipelineMachine, type PipelineEvent, type PipelineState } from "../pipeline/pipeline-machine.ts";
import type { StageFault } from "../stage/stage-fault.ts";
import {
  observerMachine,
  sinkMachine,
  sourceMachine,
  joinMachine,
  statefulMachine,
  transformMachine,
  type ObserverEvent,
  type ObserverState,
  type PureEvent,
  type SinkEvent,
  type SinkState,
  type SourceEvent,
  type SourceState,
  type JoinEvent,
  type JoinState,
  type StatefulEvent,
  type StatefulState,
  type TransformState,
} from "../stage/stage-machine.ts";

const fault: StageFault = { code: "unexpected", stage: "s", message: "m" };

/** A value of each kind of a union. That none is missing holds the type. */
type EachKind<T extends Kinded> = { readonly [K in T["kind"]]: Extract<T, { kind: K }> };

const ENDS = {
  drained: { kind: "drained" },
  failed: { kind: "failed", fault },
  cancelled: { kind: "cancelled", reason: "r" },
} as const;
const BEGINNING = { created: { kind: "created" }, initialized: { kind: "initialized" } } as const;
const RUNNING = { kind: "running" } as const;
const DRAINING = { kind: "draining", end: "natural" } as const;

const LIFECYCLE = {
  initialize: { kind: "initialize" },
  start: { kind: "start" },
  drained: { kind: "drained" },
  cancel: { kind: "cancel", reason: "r" },
  fail: { kind: "fail", fault },
} as const;

const SOURCE_STATES: EachKind<SourceState> = {
  ...BEGINNING,
  "waiting-for-gun": { kind: "waiting-for-gun" },
  running: RUNNING,
  paused: { kind: "paused" },
  draining: DRAINING,
  ...ENDS,
};
const SOURCE_EVENTS: EachKind<SourceEvent> = {
  ...LIFECYCLE,
  arm: { kind: "arm" },
  pause: { kind: "pause" },
  resume: { kind: "resume" },
  "begin-drain": { kind: "begin-drain" },
  exhausted: { kind: "exhausted" },
};
const PURE_EVENTS: EachKind<PureEvent> = { ...LIFECYCLE, "inputs-ended": { kind: "inputs-ended", end: "natural" } };
const STATEFUL_EVENTS: EachKind<StatefulEvent> = {
  ...PURE_EVENTS,
  "emission-begun": { kind: "emission-begun" },
  emitted: { kind: "emitted" },
};
const JOIN_STATES: EachKind<JoinState> = {
  ...BEGINNING,
  hydrating: { kind: "hydrating" },
  enriching: { kind: "enriching" },
  live: { kind: "live" },
  draining: DRAINING,
  ...ENDS,
};
const JOIN_EVENTS: EachKind<JoinEvent> = { ...PURE_EVENTS, hydrated: { kind: "hydrated" } };
const SINK_EVENTS: EachKind<SinkEvent> = { ...PURE_EVENTS, flushed: { kind: "flushed" } };
const TRANSFORM_STATES: EachKind<TransformState> = { ...BEGINNING, running: RUNNING, draining: DRAINING, ...ENDS };
const STATEFUL_STATES: EachKind<StatefulState> = {
  ...BEGINNING,
  accumulating: { kind: "accumulating" },
  emitting: { kind: "emitting" },
  draining: DRAINING,
  ...ENDS,
};
const SINK_STATES: EachKind<SinkState> = {
  ...BEGINNING,
  running: RUNNING,
  flushing: { kind: "flushing" },
  draining: { kind: "draining" },
  ...ENDS,
};
const OBSERVER_STATES: EachKind<ObserverState> = {
  ...BEGINNING,
  running: RUNNING,
  quarantined: { kind: "quarantined", fault },
  draining: DRAINING,
  ...ENDS,
};
const OBSERVER_EVENTS: EachKind<ObserverEvent> = { ...PURE_EVENTS, quarantine: { kind: "quarantine", fault } };

const stages = { sources: ["a"], others: ["z"] };
const PIPELINE_STATES: EachKind<PipelineState> = {
  created: { kind: "created" },
  materializing: { kind: "materializing" },
  materialized: { kind: "materialized", notReady: ["a"], stages },
  ready: { kind: "ready", stages },
  running: { kind: "running", paused: false, stages, stop: undefined },
  "source-completed": { kind: "source-completed", stages: { sources: [], others: ["z"] }, stop: undefined },
  draining: { kind: "draining", stages: { sources: [], others: ["a"] }, stop: undefined },
  drained: { kind: "drained" },
  failed: { kind: "failed", fault },
  cancelled: { kind: "cancelled", reason: "r", overdue: false },
};
const PIPELINE_EVENTS: EachKind<PipelineEvent> = {
  materialize: { kind: "materialize" },
  materialized: { kind: "materialized", ...stages },
  "stage-ready": { kind: "stage-ready", stage: "a" },
  run: { kind: "run" },
  pause: { kind: "pause" },
  resume: { kind: "resume" },
  "stage-drained": { kind: "stage-drained", stage: "a" },
  "stage-cancelled": { kind: "stage-cancelled", stage: "a", reason: "r" },
  "begin-drain": { kind: "begin-drain" },
  "stop-gracefully": { kind: "stop-gracefully", reason: "s", deadlineMs: 9 },
  "stop-timed-out": { kind: "stop-timed-out" },
  cancel: { kind: "cancel", reason: "c" },
  fail: { kind: "fail", fault },
};

interface Described {
  readonly machine: Machine<Kinded, Kinded, unknown>;
  readonly states: readonly Kinded[];
  readonly events: readonly Kinded[];
}

function described<S extends Kinded, E extends Kinded, A>(
  machine: Machine<S, E, A>,
  states: EachKind<S>,
  events: EachKind<E>,
): Described {
  // Each machine is asked only of its own states and events.
  const erased = machine as unknown as Machine<Kinded, Kinded, unknown>;
  return { machine: erased, states: Object.values(states), events: Object.values(events) };
}

const MACHINES: readonly Described[] = [
  described(sourceMachine("source"), SOURCE_STATES, SOURCE_EVENTS),
  described(transformMachine("transform"), TRANSFORM_STATES, PURE_EVENTS),
  described(statefulMachine("stateful"), STATEFUL_STATES, STATEFUL_EVENTS),
  described(sinkMachine("sink"), SINK_STATES, SINK_EVENTS),
  described(pipelineMachine(), PIPELINE_STATES, PIPELINE_EVENTS),
  described(
    aggregatorMachine(),
    {
      created: { kind: "created" },
      collecting: { kind: "collecting" },
      finished: { kind: "finished" },
      failed: { kind: "failed", message: "m" },
    },
    { begin: { kind: "begin" }, finish: { kind: "finish" }, fail: { kind: "fail", message: "m" } },
  ),
  described(joinMachine("join", true), JOIN_STATES, JOIN_EVENTS),
  described(observerMachine("observer"), OBSERVER_STATES, OBSERVER_EVENTS),
];

describe("every machine of a run", () => {
  for (const { machine, states, events } of MACHINES) {
    it(`answers every event in every state, and ends by a failure: ${machine.name}`, () => {
      expect(states.map(({ kind }) => kind).sort()).toEqual([...machine.states].sort());
      for (const state of states) {
        for (const event of events) {
          const step = machine.transition(state, event);
          // Nothing is taken through a machine that has ended; the loop that drives it has stopped.
          if (machine.isFinal(state)) continue;
          expect(step.isOk(), `${state.kind} on ${event.kind}`).toBe(true);
          if (event.kind === "fail") expect(step._unsafeUnwrap().state.kind).toBe("failed");
        }
      }
    });
  }

  it("ends in what it is said to end in", () => {
    for (const { machine, states } of MACHINES) {
      const finals = states.filter((state) => machine.isFinal(state)).map(({ kind }) => kind);
      expect(finals).toEqual(machine.name === "metrics" ? ["finished", "failed"] : ["drained", "failed", "cancelled"]);
    }
  });
});

/** What each state becomes, by event. What is not named leaves it as it is. */
type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

function tableOf({ machine, states, events }: Described): Table {
  const table: Record<string, Record<string, string>> = {};
  for (const state of states) {
    if (machine.isFinal(state)) continue;
    const row: Record<string, string> = {};
    for (const event of events) {
      const step = machine.transition(state, event)._unsafeUnwrap();
      if (step.state.kind !== state.kind) row[event.kind] = step.state.kind;
    }
    table[state.kind] = row;
  }
  return table;
}

describe("where an event leads", () => {
  it("a source", () => {
    const ends = { cancel: "cancelled", fail: "failed" };
    expect(tableOf(MACHINES[0] as Described)).toEqual({
      created: { ...ends, initialize: "initialized" },
      initialized: { ...ends, arm: "waiting-for-gun" },
      "waiting-for-gun": { ...ends, start: "running", "begin-drain": "draining" },
      running: { ...ends, pause: "paused", "begin-drain": "draining", exhausted: "draining" },
      paused: { ...ends, resume: "running", "begin-drain": "draining" },
      draining: { ...ends, drained: "drained" },
    });
  });

  it("an observer, which comes to its end also when it is quarantined", () => {
    const ends = { cancel: "cancelled", fail: "failed" };
    expect(tableOf(MACHINES[7] as Described)).toEqual({
      created: { ...ends, initialize: "initialized" },
      initialized: { ...ends, start: "running" },
      running: { ...ends, quarantine: "quarantined", "inputs-ended": "draining" },
      quarantined: { ...ends, "inputs-ended": "draining" },
      draining: { ...ends, drained: "drained" },
    });
  });

  it("a source that is drained: to an end that is truncated or, where it is infinite, natural", () => {
    for (const [extent, end] of [
      ["finite", "truncated"],
      ["infinite", "natural"],
    ] as const) {
      const machine = sourceMachine("source", extent);
      for (const state of [SOURCE_STATES["waiting-for-gun"], SOURCE_STATES.running, SOURCE_STATES.paused]) {
        const step = machine.transition(state, { kind: "begin-drain" })._unsafeUnwrap();
        expect(step.state).toEqual({ kind: "draining", end });
      }
      const exhausted = machine.transition(RUNNING, { kind: "exhausted" })._unsafeUnwrap();
      expect(exhausted.state).toEqual({ kind: "draining", end: "natural" });
    }
  });

  it("the pipeline, of which stage `a` is the last that is awaited", () => {
    const ends = { cancel: "cancelled", fail: "failed", "stage-cancelled": "failed" };
    const before = { ...ends, "stop-gracefully": "cancelled" };
    const flowing = { ...ends, "stop-timed-out": "cancelled" };
    expect(tableOf(MACHINES[4] as Described)).toEqual({
      created: { ...before, materialize: "materializing" },
      materializing: { ...before, materialized: "materialized" },
      materialized: { ...before, "stage-ready": "ready" },
      ready: { ...before, run: "running" },
      running: { ...flowing, "stage-drained": "source-completed" },
      "source-completed": { ...flowing, "begin-drain": "draining" },
      draining: { ...flowing, "stage-drained": "drained" },
    });
  });

  it("the pipeline when it is draining to stop ends as cancelled, for its first reason", () => {
    const machine = pipelineMachine();
    const events: PipelineEvent[] = [
      { kind: "materialize" },
      { kind: "materialized", sources: ["a"], others: ["z"] },
      { kind: "stage-ready", stage: "a" },
      { kind: "stage-ready", stage: "z" },
      { kind: "run" },
      { kind: "stop-gracefully", reason: "first", deadlineMs: 10 },
      { kind: "stop-gracefully", reason: "second", deadlineMs: 99 },
      { kind: "stage-drained", stage: "a" },
      { kind: "stop-gracefully", reason: "third", deadlineMs: 99 },
      { kind: "begin-drain" },
    ];
    const folded = (last: PipelineEvent): PipelineState => machine.fold([...events, last])._unsafeUnwrap();
    expect(folded({ kind: "pause" })).toMatchObject({ kind: "draining", stop: { reason: "first", deadlineMs: 10 } });
    expect(folded({ kind: "stage-drained", stage: "z" })).toMatchObject({ kind: "cancelled", reason: "first" });
    expect(folded({ kind: "cancel", reason: "fourth" })).toMatchObject({ kind: "cancelled", reason: "first" });
    expect(folded({ kind: "stop-timed-out" })).toEqual({
      kind: "cancelled",
      reason: "stop_timeout (first)",
      overdue: true,
    });
  });

  it("the pipeline pauses and resumes its sources once each, and not when it is to stop", () => {
    const machine = pipelineMachine();
    const actionsOf = (state: PipelineState, kind: "pause" | "resume"): unknown =>
      machine.transition(state, { kind })._unsafeUnwrap().actions;
    const { running } = PIPELINE_STATES;
    const paused: PipelineState = { ...running, paused: true };
    const stopping: PipelineState = { ...running, stop: { reason: "r", deadlineMs: 9 } };
    expect(actionsOf(running, "pause")).toEqual([{ kind: "pause-sources" }]);
    expect(actionsOf(paused, "pause")).toEqual([]);
    expect(actionsOf(paused, "resume")).toEqual([{ kind: "resume-sources" }]);
    expect(actionsOf(running, "resume")).toEqual([]);
    expect(actionsOf(stopping, "pause")).toEqual([]);
  });
});
