import { describe, expect, it } from "vitest";

import type { SourceConnector, SourceReader } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { SOURCE_START, type SourcePlace } from "../definition/opened-source.ts";
import { batches } from "./batches.ts";
import { flow } from "./flow.ts";
import { poll } from "./poll.ts";
import { seekable } from "./seekable.ts";
import { sourceForm, type SourceInput } from "./source-input.ts";

const COUNT = 700;
const numbers = Array.from({ length: COUNT }, (_, n) => n);
const pages = [numbers.slice(0, 300), [], numbers.slice(300, 301), numbers.slice(301)];

function* generated(): Generator<number> {
  yield* numbers;
}

async function* generatedLater(): AsyncGenerator<number> {
  yield* numbers;
}

function streamed(): ReadableStream<number> {
  const left = numbers.values();
  return new ReadableStream({
    pull(controller) {
      const next = left.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

async function* pagesLater(): AsyncGenerator<readonly number[]> {
  yield* pages;
}

/** Reads numbers from its cursor on, at once or later. */
const polled =
  (how: "at once" | "later"): (() => SourceConnector<number>) =>
  () =>
    poll(({ cursor, limit }) => {
      const from = typeof cursor === "number" ? cursor : 0;
      const to = Math.min(COUNT, from + limit);
      const batch = { items: numbers.slice(from, to), cursor: to, done: to === COUNT };
      return how === "at once" ? batch : Promise.resolve(batch);
    });

const connected = (): SourceConnector<number> => ({
  extent: "finite",
  describe: () => "numbers of a test",
  open: ({ cursor }) => {
    let at = typeof cursor === "number" ? cursor : 0;
    return {
      read(limit) {
        const items = numbers.slice(at, at + limit);
        at += items.length;
        return { items, cursor: at, done: at === COUNT };
      },
    };
  },
});

const FORMS: Readonly<Record<string, () => SourceInput<number>>> = {
  "a list": () => numbers,
  "a set": () => new Set(numbers),
  "a generator": () => generated(),
  "an async generator": () => generatedLater(),
  "a stream": () => streamed(),
  "a stream that cannot be iterated over": () => {
    const stream = streamed();
    return { getReader: () => stream.getReader() };
  },
  "a function of a list": () => () => numbers,
  "a generator function": () => generated,
  "an async generator function": () => generatedLater,
  "a function of a stream": () => streamed,
  "a function of a promise": () => async () => generatedLater(),
  "lists of items": () => batches(pages),
  "lists of items that come later": () => batches(pagesLater),
  "a function of lists of items": () => batches(async () => pages),
  "a seekable function": () => seekable(({ skip }) => numbers.slice(skip)),
  "a polled function": polled("at once"),
  "a polled function that takes time": polled("later"),
  "a connector": connected,
};

/** The items that a source gives when it is opened at a place of its record. */
async function itemsFrom(input: SourceInput<number>, place: SourcePlace): Promise<readonly unknown[]> {
  const form = sourceForm(input);
  if (form === undefined) throw new Error("no source can be made of it");
  const { reader, skip } = await form.open(place, new AbortController().signal);
  const items: unknown[] = [];
  for (;;) {
    const batch = await reader.read(100);
    items.push(...batch.items);
    if (batch.done === true) return items.slice(skip);
  }
}

describe("a source that is made of", () => {
  for (const [name, form] of Object.entries(FORMS)) {
    it(`${name} gives every item once and in order, and a replay takes them from the record`, async () => {
      const described = flow("forms", (f) => f.source("numbers", form()).sink("out", () => undefined));
      const store = memoryStore();
      const run = await FlowRun.open(described, { store });
      expect(await run.run()).toMatchObject({ status: "completed" });
      const recorded = await run.recorded();
      checkRecord(recorded, run.definition);
      expect(recorded.payloads("numbers")).toEqual(numbers);
      expect(recorded.recordsOf("numbers", "end")).toMatchObject([{ end: "natural" }]);
      expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
      expect(run.clock.timers).toBe(0);
    });

    it(`${name} goes on behind what is on record`, async () => {
      expect(await itemsFrom(form(), SOURCE_START)).toEqual(numbers);
      const hasCursor = /polled|connector/.test(name);
      const cut = hasCursor ? { cursor: 390, items: 400, itemsSinceCursor: 10 } : { cursor: undefined, items: 400 };
      expect(await itemsFrom(form(), { itemsSinceCursor: 400, ...cut })).toEqual(numbers.slice(400));
    });
  }

  it("an infinite connector that gave no cursor goes on where it is", async () => {
    const place = { cursor: undefined, items: 3, itemsSinceCursor: 3 };
    const ticks = poll(() => ({ items: [7, 8, 9], done: true }), { extent: "infinite" });
    expect(await itemsFrom(ticks, place)).toEqual([7, 8, 9]);
  });
});

describe("what a source was made of by JavaScript", () => {
  const failing = async (input: unknown): Promise<string | undefined> => {
    const described = flow("wrong", (f) =>
      // The compiler would refuse all of these.
      f.source("broken", input as SourceInput<number>).sink("out", () => undefined),
    );
    const { fault } = await (await FlowRun.open(described, { store: memoryStore() })).run();
    expect(fault).toMatchObject({ code: "source-threw", stage: "broken" });
    return fault?.message;
  };
  const reading = (read: unknown): unknown => ({ ...connected(), open: () => ({ read }) as SourceReader<number> });

  it("fails at once where trying again would change nothing, and says what is wrong", async () => {
    expect(await failing(batches([1] as unknown as number[][]))).toContain(
      "a batch of the source is no array, but number",
    );
    expect(await failing(batches([undefined] as unknown as number[][]))).toContain("is no array, but undefined");
    expect(await failing(() => ({ [Symbol.iterator]: () => ({ next: () => 5 }) }))).toContain("is no result");
    expect(await failing({ ...connected(), open: () => undefined })).toContain("has no `read`");
    expect(await failing(reading(undefined))).toContain("has no `read`");
    expect(await failing(reading(() => undefined))).toContain("gave no list of items");
    expect(await failing(reading(async () => ({ items: "text" })))).toContain("gave no list of items");
    expect(await failing(reading(() => ({ items: [], againMs: -1 })))).toContain("gave againMs -1");
    expect(await failing(reading(() => ({ items: [], againMs: "5" })))).toContain("gave againMs 5");
    expect(await failing(reading(() => ({ items: [1], done: "yes" })))).toContain("gave done yes");
    const asked = (read: unknown): unknown => ({
      ...connected(),
      open: () => ({
        read,
        isFinal: () => {
          throw new Error("cannot tell");
        },
      }),
    });
    const down = new Error("down");
    expect(await failing(asked(() => Promise.reject(down)))).toBe("Error: down");
    const row = { n: 1 };
    expect(await failing(reading(() => ({ items: [row, row] })))).toContain("the same object twice in a row");
  });
});

it("shows in the topology what a connector is, and nothing of what is only iterable", () => {
  const built = flow("shown", (f) => {
    f.source("connected", connected()).sink("out", () => undefined);
    f.source("listed", numbers).sink("out-too", () => undefined);
  }).build();
  const notesOf = (name: string): unknown =>
    built._unsafeUnwrap().topology.stages.find((stage) => stage.name === name)?.annotations.notes;
  expect(notesOf("connected")).toEqual({ source: "numbers of a test" });
  expect(notesOf("listed")).toBeUndefined();
});
