import { EffectFailure, eventType } from "@refold/core";
import { ok } from "neverthrow";

import {
  always,
  distinct,
  effect,
  everyN,
  groupBy,
  onEnd,
  reject,
  session,
  sliding,
  topN,
  tumbling,
  within,
  type FlowBuilder,
  type StageStream,
  type Stream,
} from "../src/index.ts";
import type { Roots, Waits } from "./waits.ts";

/** What the stages of random flows do. */
export const DOINGS = [
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
    "call",
    "observe",
  ] as const),
  ...(["sum", "group", "always", "every", "within", "distinct", "top"] as const),
  ...(["tumbling", "sliding", "session"] as const),
  ...(["inner join", "left join", "strict join", "live join", "live left join", "join of each"] as const),
  "loop",
] as const;

export type Doing = (typeof DOINGS)[number];

/** The stages whose outputs hang on the order in which a fan-in is taken, whatever else reads on its own. */
export const HANG_ON_ORDER: readonly Doing[] = ["live join", "live left join", "loop"];

export interface PlannedStream {
  readonly name: string;
  readonly stream: Stream<unknown>;
  readonly roots: Roots;
  /** How many records it holds for certain. */
  readonly holds: number;
  read: boolean;
}

/** What a stage reads: its inputs, merged, and what a join looks them up in. */
export interface Joined {
  readonly input: Stream<unknown>;
  readonly inputs: readonly PlannedStream[];
  readonly references: readonly PlannedStream[];
}

/** A number that any item has. */
export const size = (item: unknown): number => JSON.stringify(item).length;

/** A stage with its streams, by a name for each; `undefined` for a join that cannot be. */
export function added(
  f: FlowBuilder,
  from: Joined,
  name: string,
  does: Doing,
  waits: Waits,
): Readonly<Record<string, Stream<unknown>>> | undefined {
  const { input } = from;
  if (isJoin(does)) return joined(from, name, does, waits);
  if (does === "loop") return looped(f, input, name);
  if (does === "tumbling" || does === "sliding" || does === "session") return windowed(input, name, does);
  return simple(input, name, does);
}

type Join = Extract<Doing, `${string}join` | "join of each">;

export function isJoin(does: Doing): does is Join {
  return does.endsWith("join") || does === "join of each";
}

function joined(
  { input, inputs, references }: Joined,
  name: string,
  does: Join,
  waits: Waits,
): Readonly<Record<string, Stream<unknown>>> | undefined {
  const isTwice = new Set([...inputs, ...references].map((each) => stageOf(each.name))).size;
  if (isTwice < new Set(inputs.map((each) => stageOf(each.name))).size + references.length) return undefined;
  const read = does.startsWith("live") ? "live" : "first";
  const kind = does.includes("left") ? "left" : does === "strict join" ? "strict" : "inner";
  // What is of one key in all of its references always has something to meet.
  if (kind === "strict" && references.some(({ holds }) => holds === 0)) return undefined;
  const areHeld = read === "first";
  const roots = (of: readonly PlannedStream[]): readonly Roots[] => of.map((each) => each.roots);
  if (areHeld && !waits.canHold(roots(inputs), roots(references))) return undefined;
  if (does === "join of each") {
    const [reference] = references;
    if (reference === undefined) return undefined;
    return {
      out: input.join(name, reference.stream, {
        matches: "each",
        key: (item) => rare(item, "of no input"),
        on: (item) => rare(item, "of no reference"),
        combine: (item, met) => [item, met],
      }),
    };
  }
  const key = (item: unknown): number => (kind === "strict" ? 1 : size(item));
  const [only, second] = references;
  if (only !== undefined && second === undefined) {
    return {
      out: input.join(name, only.stream, {
        kind,
        read,
        key,
        on: key,
        combine: (item, met) => [item, met ?? "nothing"],
      }),
    };
  }
  const declared = references.map(
    ({ stream }, index) => [`reference-${index}`, { from: stream, key, on: key }] as const,
  );
  return { out: input.join(name, Object.fromEntries(declared), { kind, read, combine: (item, met) => [item, met] }) };
}

/** The stage that a stream comes of, by its name: a route has several. */
function stageOf(stream: string): string {
  return stream.replace(/-(?:out|even|odd|errors|late)$/, "");
}

/** A key that few items have, so that joining each with each stays small. */
function rare(item: unknown, otherwise: string): string {
  const text = JSON.stringify(item);
  return text.includes("7") ? text : otherwise;
}

interface Numbered {
  readonly number: number;
  readonly item: unknown;
}

function windowed(
  input: Stream<unknown>,
  name: string,
  over: "tumbling" | "sliding" | "session",
): Readonly<Record<string, Stream<unknown>>> {
  const numbered = input.stateful(`${name}-numbered`, {
    initial: (): Numbered => ({ number: 0, item: undefined }),
    fold: ({ number }, item) => ({ number: number + 1, item }),
    project: (state) => [state],
    emit: always(),
  });
  const common = {
    // Some come early, some late, and some at no time at all.
    time: ({ number, item }: Numbered) => (number % 23 === 0 ? Number.NaN : number * 10 - ((number * size(item)) % 90)),
    key: ({ item }: Numbered) => size(item) % 3,
    initial: () => 0,
    fold: (count: number) => count + 1,
    outOfOrderMs: 40,
    allowedLatenessMs: 30,
  };
  const windows =
    over === "session"
      ? numbered.window(name, { ...common, over: session({ gapMs: 25 }), merge: (a, b) => a + b })
      : numbered.window(name, {
          ...common,
          over: over === "tumbling" ? tumbling(100) : sliding({ sizeMs: 100, everyMs: 40 }),
        });
  return { out: windows, late: windows.late, errors: windows.errors };
}

/** Has each item come round so many times, none to two. */
function looped(f: FlowBuilder, input: Stream<unknown>, name: string): Readonly<Record<string, Stream<unknown>>> {
  interface Round {
    readonly by: string;
    readonly rounds: number;
    readonly item: unknown;
  }
  const isRound = (item: unknown): item is Round => (item as Partial<Round> | null)?.by === name;
  const again = f.feedback<unknown>();
  const round = f
    .merge(input, again)
    .map(name, (item): Round => (isRound(item) ? { ...item, rounds: item.rounds + 1 } : { by: name, rounds: 0, item }));
  again.connect(round.filter(`${name}-again`, ({ rounds, item }) => rounds < size(item) % 3));
  return { out: round.filter(`${name}-done`, ({ rounds, item }) => rounds >= size(item) % 3) };
}

type Simple = Exclude<Doing, Join | "tumbling" | "sliding" | "session" | "loop">;

function simple(input: Stream<unknown>, name: string, does: Simple): Readonly<Record<string, Stream<unknown>>> {
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
  does: Exclude<Simple, "route" | "check" | "reject" | "observe">,
): StageStream<unknown, unknown> {
  switch (does) {
    case "filterMap":
      return input.filterMap(name, (item) => (size(item) % 2 === 0 ? { of: item } : undefined));
    case "always":
      return input.stateful(name, { ...counting, emit: always() });
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
    case "call":
      return input.effectful(name, {
        effects: { look },
        concurrency: 4,
        handle: async (item, { effects }) => {
          const outcome = await effects.look(item);
          return outcome.match(
            (seen) => ["seen", seen],
            ({ error }) => ["not seen", error],
          );
        },
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

/** Answers what follows from its input, or that it cannot. */
const look = effect({
  name: "look",
  safety: "keyed",
  client: () => ({ answer: (item: unknown) => [size(item)] }),
  run: async (item: unknown, { client }) => {
    await Promise.resolve();
    if (size(item) % 5 === 0)
      return new EffectFailure({ error: "domain", message: "nothing to see", detail: undefined });
    return client.answer(item);
  },
});

/** Emits several outputs at a time, which small windows cannot take at once. */
const counting = {
  initial: () => 0,
  fold: (count: number) => count + 1,
  project: (count: number) => [count, "of them", count],
};
