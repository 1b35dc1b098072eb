import fc from "fast-check";

import { flow, type Configuration, type Flow, type Stream } from "../src/index.ts";
import { addSink, type SinkPlan } from "./random-sinks.ts";
import { opened, OPENINGS, type SourcePlan } from "./random-sources.ts";
import { added, DOINGS, isJoin, size, type Doing, type Joined, type PlannedStream } from "./random-stages.ts";
import { Waits, type Roots } from "./waits.ts";

/** A flow as data, so that a failing example can be read. */
export interface FlowPlan {
  readonly sources: readonly SourcePlan[];
  readonly stages: readonly StagePlan[];
  /** How the sinks deliver, in turn. */
  readonly sinks: readonly SinkPlan[];
}

interface StagePlan {
  readonly does: Doing;
  /** Which of the streams before it are merged to be its input, by their number modulo how many there are. */
  readonly reads: readonly number[];
  /** As `reads`: what a join looks its inputs up in. */
  readonly references: readonly number[];
  /** Whether its inputs are merged in turn, or by the size of what they hold. */
  readonly merged: "in turn" | "by size";
  /** Whether a sink reads it besides those after it. */
  readonly tapped: boolean;
}

export const flowPlans: fc.Arbitrary<FlowPlan> = fc.record({
  sources: fc.array(
    fc.record({
      items: fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 700 }),
      opened: fc.constantFrom(...OPENINGS),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  stages: fc.array(
    fc.record({
      does: fc.constantFrom(...DOINGS),
      reads: fc.array(fc.nat(50), { minLength: 1, maxLength: 3 }),
      references: fc.array(fc.nat(50), { minLength: 1, maxLength: 2 }),
      merged: fc.constantFrom("in turn", "in turn", "by size"),
      tapped: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
  sinks: fc.array(
    fc.record({
      writes: fc.constantFrom("at once", "later", "buffered to the flush", "buffered to the next"),
      flush: fc.record(
        { everyItems: fc.integer({ min: 1, max: 50 }), everyMs: fc.integer({ min: 1, max: 100 }) },
        { requiredKeys: [] },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

/** What each sink was given, in order, by its name. */
export type Delivered = Map<string, unknown[]>;

/** The flow of a plan. Whatever nobody reads gets a sink. */
export function plannedFlow(plan: FlowPlan, delivered: Delivered = new Map()): Flow {
  return flow("planned", (f) => {
    const streams: PlannedStream[] = [];
    const waits = new Waits();
    let sinks = 0;
    const sinkOf = (stream: Stream<unknown>, name: string): void => {
      const items: unknown[] = [];
      delivered.set(name, items);
      addSink(stream, name, plan.sinks[sinks++ % plan.sinks.length] as SinkPlan, items);
    };
    for (const [index, source] of plan.sources.entries()) {
      const name = `source-${index}`;
      const stream = f.source<unknown>(name, opened(source));
      streams.push({ name, stream, roots: new Set([index]), holds: source.items.length, read: false });
    }
    const numbered = (number: number): PlannedStream => streams[number % streams.length] as PlannedStream;
    let isMultiplied = false;
    for (const [index, stage] of plan.stages.entries()) {
      const inputs = stage.reads.map(numbered);
      const name = `${stage.does.toLowerCase().replaceAll(" ", "-")}-${index}`;
      const read = inputs.map(({ stream }) => stream);
      const bySize: boolean =
        stage.merged === "by size" && stage.does !== "loop" && waits.canMerge(inputs.map(({ roots }) => roots));
      const input = bySize ? f.mergeOrdered(size, ...read) : f.merge(...read);
      const references = stage.references.slice(0, stage.does === "join of each" ? 1 : undefined).map(numbered);
      const from: Joined = { input, inputs, references };
      const joined =
        isMultiplied && stage.does === "join of each" ? undefined : added(f, from, name, stage.does, waits);
      const made = joined ?? { out: input.map(name, (item) => ["not joined", item]) };
      if (stage.does === "join of each") isMultiplied = true;
      const used = joined === undefined || !isJoin(stage.does) ? inputs : [...inputs, ...references];
      for (const each of used) each.read = true;
      const roots: Roots = new Set(used.flatMap((each) => [...each.roots]));
      for (const [branch, stream] of Object.entries(made)) {
        streams.push({ name: `${name}-${branch}`, stream, roots, holds: 0, read: false });
        if (stage.tapped) sinkOf(stream, `tap-of-${name}-${branch}`);
      }
    }
    for (const { name, stream, read } of streams) if (!read) sinkOf(stream, `sink-of-${name}`);
  });
}

/** Settings that cut steps and windows anyhow. What a run amounts to does not depend on them. */
export const cuts: fc.Arbitrary<Configuration> = fc
  .record({
    "stage.stepInputs": fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })),
    "flowControl.windowRecords": fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })),
    "snapshots.everyMs": fc.constantFrom<(number | "never")[]>(10, 40, "never"),
  })
  .map((flow) => ({ flow }));
