import fc from "fast-check";

import { eventType } from "@refold/core";
import { ok } from "neverthrow";

import {
  distinct,
  everyN,
  flow,
  groupBy,
  onEnd,
  reject,
  topN,
  within,
  type Configuration,
  type Flow,
  type FlowBuilder,
  type StageStream,
  type Stream,
} from "../src/index.ts";

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
  /** Whether its inputs are merged in turn, or by the size of what they hold. */
  readonly merged: "in turn" | "by size";
  /** Whether a sink reads it besides those after it. */
  readonly tapped: boolean;
}

const DOINGS = [
  ...([
    "map",
    "filter",
    "filterMap",
    "flatMap",
    "transform",
    "random",
    "route",
    "check",
    "reject",
    "effectful",
    "observe",
  ] as const),
  ...(["sum", "group", "every", "within", "distinct", "top"] as const),
] as const;

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
      merged: fc.constantFrom("in turn", "in turn", "by size"),
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
    const streams: { readonly name: string; readonly stream: Stream<unknown>; readonly roots: Roots; read: boolean }[] =
      [];
    let ordered = false;
    for (const [index, source] of plan.sources.entries()) {
      const name = `source-${index}`;
      const stream = f.source<unknown>(name, opened(source));
      streams.push({ name, stream, roots: new Set([index]), read: false });
    }
    for (const [index, stage] of plan.stages.entries()) {
      const inputs = stage.reads.map((number) => streams[number % streams.length] as (typeof streams)[number]);
      for (const input of inputs) input.read = true;
      const name = `${stage.does.toLowerCase()}-${index}`;
      const read = inputs.map(({ stream }) => stream);
      const bySize: boolean = stage.merged === "by size" && !ordered && areApart(inputs);
      ordered ||= bySize;
      const input = bySize ? f.mergeOrdered(size, ...read) : f.merge(...read);
      const roots: Roots = new Set(inputs.flatMap((each) => [...each.roots]));
      const made = added(input, name, stage.does);
      for (const [branch, stream] of Object.entries(made)) {
        streams.push({ name: `${name}-${branch}`, stream, roots, read: false });
        if (stage.tapped) sinkOf(stream, `tap-of-${name}-${branch}`, delivered);
      }
    }
    for (const { name, stream, read } of streams) if (!read) sinkOf(stream, `sink-of-${name}`, delivered);
  });
}

/** The sources that a stream comes of. */
type Roots = ReadonlySet<number>;

/**
 * Whether no two streams come of the same source. Others may wait for one another when they are merged in order, and so
 * may those of two such merges.
 */
function areApart(inputs: readonly { readonly roots: Roots }[]): boolean {
  const roots = inputs.flatMap((input) => [...input.roots]);
  return new Set(roots).size === roots.length;
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

const size = (item: unknown): number => JSON.stringify(item).length;

/** A stage with its streams, by a name for each. */
function added(
  input: Stream<unknown>,
  name: string,
  does: StagePlan["does"],
): Readonly<Record<string, Stream<unknown>>> {
  if (does === "route") {
    const branches = { even: eventType(`${name}-even`), odd: eventType(`${name}-odd`) };
    return input.route(name, branches, (item, to) => {
      if (size(item) % 2 === 0) to.even(item);
      if (size(item) % 3 > 0) to.odd(size(item));
    });
  }
  if (does === "check" || does === "reject") {
    const kind = does === "check" ? "validation" : "permanent";
    const checked = input.tryMap(name, (item) => (size(item) % 3 === 0 ? reject(kind, "of no use") : ok(item)));
    return { out: checked, errors: checked.errors };
  }
  if (does === "observe") {
    return { out: input.observe(`observer-of-${name}`, () => undefined).map(name, (item) => [item]) };
  }
  return { out: single(input, name, does) };
}

function single(
  input: Stream<unknown>,
  name: string,
  does: Exclude<StagePlan["does"], "route" | "check" | "reject" | "observe">,
): StageStream<unknown, unknown> {
  switch (does) {
    case "filterMap":
      return input.filterMap(name, (item) => (size(item) % 2 === 0 ? { of: item } : undefined));
    case "every":
      return input.stateful(name, { ...counting, emit: everyN(3) });
    case "within":
      return input.stateful(name, { ...counting, emit: within(40) });
    case "distinct":
      return input.stateful(name, distinct({ key: size }));
    case "top":
      return input.stateful(name, topN({ n: 3, by: size, emit: everyN(50, { atEnd: false }) }));
    case "effectful":
      return input.effectful(name, {
        effects: {},
        handle: async (item, { capture }) => [item, await capture("size", () => size(item))],
      });
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

/** Emits several outputs at a time, which small windows cannot take at once. */
const counting = {
  initial: () => 0,
  fold: (count: number) => count + 1,
  project: (count: number) => [count, "of them", count],
};

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
    "snapshots.everyMs": fc.constantFrom<(number | "never")[]>(10, 40, "never"),
  })
  .map((flow) => ({ flow }));
