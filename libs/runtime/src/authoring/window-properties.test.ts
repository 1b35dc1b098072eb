import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeValues, encodeValues, type EndKind, type LaneId, type LaneSeq } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { replayFlow, runFlow } from "@refold/testkit";

import { InputContext } from "../step/input-context.ts";
import type { Outputs, StageProgram } from "../step/stage-program.ts";
import type { TracedOutput } from "../step/traced-output.ts";
import { flow } from "./flow.ts";
import type { Stream } from "./stream.ts";
import { session, sliding, tumbling, type FixedWindows } from "./window-kinds.ts";
import { windowProgram } from "./window-program.ts";
import type { WindowResult, WindowSpec } from "./window-spec.ts";

const RUNS = { seed: 20_260_102, numRuns: 300 };

interface Event {
  readonly id: number;
  readonly at: number;
  readonly key: string;
  readonly lane: LaneId;
}

type Result = WindowResult<string, readonly number[]>;
type Spec = WindowSpec<Event, string, readonly number[], Result>;

const fold = {
  time: ({ at }: Event) => at,
  key: ({ key }: Event) => key,
  initial: (): readonly number[] => [],
  fold: (ids: readonly number[], { id }: Event) => [...ids, id],
} as const;
const merge = (a: readonly number[], b: readonly number[]): readonly number[] => [...a, ...b];

const LEFT = 1 as LaneId;
const RIGHT = 2 as LaneId;
const LANES = [LEFT, RIGHT];
const lane = fc.constantFrom(...LANES);
const key = fc.constantFrom("a", "b", "c");

/** Events in any order. */
const events: fc.Arbitrary<readonly Event[]> = fc
  .array(fc.record({ at: fc.integer({ min: -60, max: 60 }), key, lane }), { maxLength: 60 })
  .map((all) => all.map((event, id) => ({ id, ...event })));

/** Events of which none is further behind the latest of its lane than so many milliseconds. */
const orderly = (outOfOrderMs: number): fc.Arbitrary<readonly Event[]> =>
  fc.array(fc.record({ step: fc.nat(12), behind: fc.nat(outOfOrderMs), key, lane }), { maxLength: 60 }).map((all) => {
    const latest = new Map<LaneId, number>();
    return all.map(({ step, behind, ...event }, id) => {
      const at = (latest.get(event.lane) ?? -100) + step;
      latest.set(event.lane, at);
      return { id, at: at - behind, ...event };
    });
  });

/** What a program gives for one thing that happens, in order. */
type Given = { readonly result: Result } | { readonly late: number } | { readonly watermark: number };

/** Runs a program outside of any stage. */
class Driven {
  readonly given: Given[] = [];
  readonly program: StageProgram;
  readonly #context: InputContext = new InputContext("a run", "windows");
  readonly #outputs: Outputs = {
    emit: (payload) => void this.given.push({ late: (payload as Event).id }),
    forward: () => expect.fail("a window emits values of its own"),
    reject: (_, message) => expect.fail(message),
    watermark: (watermark) => void this.given.push({ watermark }),
  };

  constructor(spec: Spec) {
    this.program = windowProgram(spec, LANES);
  }

  /** Takes an event, and of its results up to `most`. */
  accept(event: Event, most?: number): void {
    this.#context.moveTo(event.lane, event.id as LaneSeq, 0);
    this.#take(this.program.accept(event, this.#context, this.#outputs), most);
  }

  ended(ended: LaneId, end: EndKind = "natural"): void {
    this.#take(this.program.ended?.(ended, this.#outputs, end));
  }

  finish(): this {
    for (const each of LANES) this.ended(each);
    this.#take(this.program.finish(this.#context)[Symbol.iterator]());
    return this;
  }

  get results(): readonly Result[] {
    return this.given.flatMap((one) => ("result" in one ? [one.result] : []));
  }

  get late(): readonly number[] {
    return this.given.flatMap((one) => ("late" in one ? [one.late] : []));
  }

  #take(given: Iterator<unknown> | undefined, most: number = Number.POSITIVE_INFINITY): void {
    for (let taken = 0; given !== undefined && taken < most; taken++) {
      const next = given.next();
      if (next.done === true) return;
      this.given.push({ result: (next.value as TracedOutput).payload as Result });
    }
  }
}

/** Runs it over all events, to their natural end. */
function drive(spec: Spec, all: readonly Event[]): Driven {
  const driven = new Driven(spec);
  for (const event of all) driven.accept(event);
  return driven.finish();
}

/** The event time up to which every lane has given what is on time, looked up anew. */
function watermarkAfter(all: readonly Event[], outOfOrderMs: number): number {
  return Math.min(
    ...LANES.map((each) => Math.max(...all.filter((event) => event.lane === each).map(({ at }) => at)) - outOfOrderMs),
  );
}

const startsOf = ({ sizeMs, everyMs }: FixedWindows, time: number): readonly number[] => {
  const starts: number[] = [];
  for (let start = -400; start <= time; start++)
    if (start % everyMs === 0 && start + sizeMs > time) starts.push(start + 0);
  return starts;
};

/** What a window is called. */
const nameOf = (result: { readonly key: string; readonly start: number }): string => `${result.key} ${result.start}`;

/** The results that no later one takes the place of: of each window the last. */
const last = (results: readonly Result[]): ReadonlyMap<string, Result> =>
  new Map(results.map((result) => [nameOf(result), result]));

const byId = (a: number, b: number): number => a - b;

const fixed: fc.Arbitrary<FixedWindows> = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }))
  .map(([a, b]) => (a === b ? tumbling(a) : sliding({ sizeMs: Math.max(a, b), everyMs: Math.min(a, b) })));

const lateness = fc.record({ outOfOrderMs: fc.nat(40), allowedLatenessMs: fc.oneof(fc.constant(0), fc.nat(60)) });

describe("tumbling and sliding windows", () => {
  it("hold exactly what a model holds that looks everything up anew, and give as late what one of them misses", () => {
    fc.assert(
      fc.property(fixed, lateness, events, (over, { outOfOrderMs, allowedLatenessMs }, all) => {
        const expected = new Map<string, number[]>();
        const late: number[] = [];
        for (const [index, { id, at, key: of }] of all.entries()) {
          const watermark = watermarkAfter(all.slice(0, index), outOfOrderMs);
          const starts = startsOf(over, at);
          const kept = starts.filter((start) => start + over.sizeMs + allowedLatenessMs > watermark);
          if (kept.length < starts.length) late.push(id);
          for (const start of kept) {
            const name = nameOf({ key: of, start });
            expected.set(name, [...(expected.get(name) ?? []), id]);
          }
        }
        const driven = drive({ over, outOfOrderMs, allowedLatenessMs, ...fold }, all);
        const found = [...last(driven.results)].map(([name, { value }]) => [name, value] as const);
        expect(new Map(found)).toEqual(expected);
        expect(driven.late).toEqual(late);
        for (const { start, end } of driven.results) expect(end - start).toBe(over.sizeMs);
      }),
      RUNS,
    );
  });

  it("lose nothing and take nothing for late where inputs are no more out of order than was said", () => {
    fc.assert(
      fc.property(fixed, orderly(15), (over, all) => {
        const driven = drive({ over, outOfOrderMs: 15, ...fold }, all);
        expect(driven.late).toEqual([]);
        const held = driven.results.flatMap(({ value }) => value).sort(byId);
        expect(held).toEqual(all.flatMap(({ id, at }) => startsOf(over, at).map(() => id)));
        expect(last(driven.results).size).toBe(driven.results.length);
      }),
      RUNS,
    );
  });
});

describe("sessions", () => {
  it("are the runs of inputs that are less than the gap apart", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 25 }), orderly(15), (gapMs, all) => {
        const expected: (Omit<Result, "revision" | "value"> & { readonly value: number[] })[] = [];
        for (const each of ["a", "b", "c"]) {
          const inOrder = all.filter((event) => event.key === each).toSorted((a, b) => a.at - b.at);
          for (const [index, { id, at }] of inOrder.entries()) {
            const before = inOrder[index - 1];
            const current = expected.at(-1);
            if (before === undefined || current === undefined || at - before.at >= gapMs) {
              expected.push({ key: each, start: at, end: at + gapMs, value: [id] });
            } else expected[expected.length - 1] = { ...current, end: at + gapMs, value: [...current.value, id] };
          }
        }
        const driven = drive({ over: session({ gapMs }), merge, outOfOrderMs: 15, ...fold }, all);
        const sorted = (results: readonly Omit<Result, "revision">[]): unknown =>
          results
            .map(({ key: of, start, end, value }) => ({ key: of, start, end, value: [...value].sort(byId) }))
            .sort((a, b) => a.start - b.start || (a.key < b.key ? -1 : 1));
        expect(sorted(driven.results)).toEqual(sorted(expected));
        expect(driven.late).toEqual([]);
      }),
      RUNS,
    );
  });

  it("hold each input once or give it as late, whatever the order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 25 }), fc.nat(40), events, (gapMs, outOfOrderMs, all) => {
        const driven = drive({ over: session({ gapMs }), merge, outOfOrderMs, ...fold }, all);
        const held = driven.results.flatMap(({ value }) => value);
        expect([...held, ...driven.late].sort(byId)).toEqual(all.map(({ id }) => id));
      }),
      RUNS,
    );
  });

  it("count among their revisions all results whose place they take", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 25 }), lateness, events, (gapMs, late, all) => {
        const driven = drive({ over: session({ gapMs }), merge, ...late, ...fold }, all);
        for (const [index, { revision, value }] of driven.results.entries()) {
          const before = driven.results.slice(0, index).filter((other) => other.value.some((id) => value.includes(id)));
          expect(revision).toBe(before.length);
        }
      }),
      RUNS,
    );
  });
});

const specs: fc.Arbitrary<Spec> = fc.oneof(
  fc.tuple(fixed, lateness).map(([over, late]) => ({ over, ...late, ...fold })),
  fc.tuple(fc.integer({ min: 1, max: 25 }), lateness).map(([gapMs, late]) => ({
    over: session({ gapMs }),
    merge,
    ...late,
    ...fold,
  })),
);

describe("windows of any kind", () => {
  it("come first in the order of their ends, and never after a watermark that promised otherwise, which never goes back", () => {
    fc.assert(
      fc.property(specs, events, (spec, all) => {
        let toldMs = Number.NEGATIVE_INFINITY;
        let endMs = Number.NEGATIVE_INFINITY;
        for (const one of drive(spec, all).given) {
          if ("watermark" in one) {
            expect(one.watermark).toBeGreaterThan(toldMs);
            toldMs = one.watermark;
          } else if ("result" in one) {
            expect(one.result.end).toBeGreaterThan(toldMs);
            if ((spec.allowedLatenessMs ?? 0) > 0) continue;
            expect(one.result.end).toBeGreaterThanOrEqual(endMs);
            endMs = one.result.end;
          }
        }
      }),
      RUNS,
    );
  });

  it("go on from a stored state as if nothing had happened, at every point, also between two results", () => {
    fc.assert(
      fc.property(specs, events, fc.nat(60), fc.option(fc.nat(3), { nil: undefined }), (spec, all, cut, most) => {
        const whole = drive(spec, all);
        const first = new Driven(spec);
        for (const event of all.slice(0, cut)) first.accept(event, event.id === cut - 1 ? most : undefined);
        const second = new Driven(spec);
        second.program.restore?.(stored(first.program.snapshot?.()));
        for (const event of all.slice(cut)) second.accept(event);
        second.finish();
        expect([...first.results, ...second.results]).toEqual(whole.results);
        expect([...first.late, ...second.late]).toEqual(whole.late);
        if (most === undefined) expect([...first.given, ...second.given]).toEqual(whole.given);
      }),
      RUNS,
    );
  });

  it("come out of a run as they should, wherever steps are cut, and are matched by its replay", async () => {
    await fc.assert(
      fc.asyncProperty(specs, events, fc.integer({ min: 1, max: 40 }), async (spec, all, windowRecords) => {
        const results: Result[] = [];
        const late: Event[] = [];
        const described = flow("windows", (f) => {
          const of = (lane: LaneId): Stream<Event> =>
            f.source(
              `source-${lane}`,
              all.filter((event) => event.lane === lane),
            );
          const out = f.mergeOrdered(({ id }) => id, of(LEFT), of(RIGHT)).window("out", spec);
          out.sink("results", (result) => void results.push(result));
          out.late.sink("late", (event) => void late.push(event));
        });
        const store = memoryStore();
        const configuration = { global: { "flowControl.windowRecords": windowRecords } };
        const { report } = await runFlow(described, { store, configuration });
        expect(report).toMatchObject({ status: "completed", fault: undefined });
        // A lane that has ended holds nothing back, which is before the other has given all that it has.
        const driven = new Driven(spec);
        for (const [index, event] of all.entries()) {
          driven.accept(event);
          for (const each of LANES) if (all.findLastIndex((other) => other.lane === each) === index) driven.ended(each);
        }
        driven.finish();
        if (LANES.every((each) => all.some((event) => event.lane === each))) {
          expect(results).toEqual(driven.results);
          expect(late.map(({ id }) => id)).toEqual(driven.late);
        }
        const delivered = [...results];
        const replay = await replayFlow(described, { store });
        expect(replay.report).toMatchObject({ verdict: "matched", uncertified: [], first: undefined });
        expect(results).toEqual(delivered);
      }),
      { ...RUNS, numRuns: 60 },
    );
  });
});

/** What the log makes of a state. */
function stored(state: unknown): unknown {
  return decodeValues(encodeValues([state], 1_000_000)._unsafeUnwrap())._unsafeUnwrap()[0];
}
