import fc from "fast-check";

import { flow, groupBy, onEnd, type Configuration, type Flow, type FlowBuilder, type Stream } from "../src/index.ts";

/** A flow as data, so that a failing example can be read. */
export interface FlowPlan {
  readonly sources: readonly SourcePlan[];
  readonly stages: readonly StagePlan[];
}

interface SourcePlan {
  readonly items: readonly number[];
  readonly opened: "at once" | "by a function" | "by a promise" | "asynchronously";
}

interface StagePlan {
  readonly does: (typeof DOINGS)[number];
  /** Which of the streams before it are merged to be its input, by their number modulo how many there are. */
  readonly reads: readonly number[];
  /** Whether a sink reads it besides those after it. */
  readonly tapped: boolean;
}

const DOINGS = ["map", "filter", "flatMap", "transform", "random", "sum", "group"] as const;

export const flowPlans: fc.Arbitrary<FlowPlan> = fc.record({
  sources: fc.array(
    fc.record({
      items: fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 700 }),
      opened: fc.constantFrom("at once", "by a function", "by a promise", "asynchronously"),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  stages: fc.array(
    fc.record({
      does: fc.constantFrom(...DOINGS),
      reads: fc.array(fc.nat(50), { minLength: 1, maxLength: 3 }),
      tapped: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
});

/** What each sink was given, in order, by its name. */
export type Delivered = Map<string, unknown[]>;

/** The flow of a plan. Whatever nobody reads gets a sink. */
export function plannedFlow(plan: FlowPlan, delivered: Delivered = new Map()): Flow {
  return flow("planned", (f) => {
    const streams: { readonly name: string; readonly stream: Stream<unknown>; read: boolean }[] = [];
    for (const [index, source] of plan.sources.entries()) {
      const name = `source-${index}`;
      streams.push({ name, stream: f.source<unknown>(name, opened(source)), read: false });
    }
    for (const [index, stage] of plan.stages.entries()) {
      const inputs = stage.reads.map((number) => streams[number % streams.length] as (typeof streams)[number]);
      for (const input of inputs) input.read = true;
      const name = `${stage.does.toLowerCase()}-${index}`;
      const input = f.merge(...inputs.map(({ stream }) => stream));
      streams.push({ name, stream: added(input, name, stage.does), read: false });
      const stream = streams.at(-1)?.stream;
      if (stage.tapped && stream !== undefined) sinkOf(stream, `tap-of-${name}`, delivered);
    }
    for (const { name, stream, read } of streams) if (!read) sinkOf(stream, `sink-of-${name}`, delivered);
  });
}

function opened({ items, opened: how }: SourcePlan): Parameters<FlowBuilder["source"]>[1] {
  switch (how) {
    case "at once":
      return items;
    case "by a function":
      return () => items;
    case "by a promise":
      return async () => items;
    case "asynchronously":
      return async function* () {
        for (const [index, item] of items.entries()) {
          if (index % 5 === 0) await Promise.resolve();
          yield item;
        }
      };
  }
}

function added(input: Stream<unknown>, name: string, does: StagePlan["does"]): Stream<unknown> {
  const size = (item: unknown): number => JSON.stringify(item).length;
  switch (does) {
    case "map":
      return input.map(name, (item) => ({ of: item }));
    case "filter":
      return input.filter(name, (item) => size(item) % 2 === 0);
    case "flatMap":
      return input.flatMap(name, (item) => [item, size(item)].slice(size(item) % 3));
    case "transform":
      return input.transform(name, (item, emit) => {
        if (size(item) % 3 > 0) emit(item);
        if (size(item) % 3 > 1) emit("twice");
      });
    case "random":
      return input.map(name, (_, context) => [context.now, context.random(), context.id()]);
    case "sum":
      return input.stateful(name, {
        initial: () => 0,
        fold: (sum, item) => sum + size(item),
        project: (sum) => [sum],
        emit: onEnd(),
      });
    case "group":
      return input.stateful(name, groupBy({ key: size, initial: () => 0, fold: (count) => count + 1, emit: onEnd() }));
  }
}

function sinkOf(stream: Stream<unknown>, name: string, delivered: Delivered): void {
  const items: unknown[] = [];
  delivered.set(name, items);
  stream.sink(name, (item) => void items.push(item));
}

/** Settings that cut steps and windows anyhow. What a run amounts to does not depend on them. */
export const cuts: fc.Arbitrary<Configuration> = fc
  .record({
    "stage.stepInputs": fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })),
    "flowControl.windowRecords": fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })),
  })
  .map((flow) => ({ flow }));
