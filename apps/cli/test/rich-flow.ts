import { ok } from "neverthrow";
import {
  effect,
  EffectFailure,
  everyN,
  flow,
  groupBy,
  onEnd,
  reject,
  session,
  topN,
  tumbling,
  within,
  type Flow,
} from "refold";

interface Item {
  readonly id: number;
  readonly text: string;
  readonly number: number;
  readonly at: Date;
  readonly big: bigint;
  readonly bytes: Uint8Array;
  readonly known: ReadonlyMap<string, unknown>;
  readonly kinds: ReadonlySet<unknown>;
  readonly nothing: undefined;
}

/** Texts of every kind that JavaScript has: two of them are not Unicode. */
const TEXTS = ["", "plain", "e\u0301", "İ", "日本語", "👩‍👩‍👧", "\0\u007f", "\ud800", "a\udfffb", "\ufeff", "ß", "10", "9"];
const NUMBERS = [0, -0, Number.NaN, Infinity, -Infinity, 0.1, 1 / 3, 5e-324, Number.MAX_VALUE, 2 ** 53, -1.5, 42];

const items = Array.from({ length: 60 }, (_, id): Item => {
  const text = TEXTS[id % TEXTS.length] as string;
  const number = NUMBERS[id % NUMBERS.length] as number;
  return {
    id,
    text,
    number,
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, id * 7)),
    big: 2n ** 63n - BigInt(id) ** 5n,
    bytes: Uint8Array.of(id, 255 - id),
    known: new Map<string, unknown>([
      [text, number],
      ["id", id],
    ]),
    kinds: new Set<unknown>([number, text, BigInt(id)]),
    nothing: undefined,
  };
});

async function* slowly(): AsyncGenerator<Item> {
  for (const item of items) {
    if (item.id % 9 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    yield item;
  }
}

const look = effect({
  name: "look",
  safety: "keyed",
  client: () => ({ price: (id: number) => id / 7 }),
  run: async (id: number, { client }) => {
    await new Promise((resolve) => setTimeout(resolve, id % 3));
    if (id % 11 === 0) return new EffectFailure({ error: "remote", message: `no price of ${id}`, detail: { id } });
    return { price: client.price(id), at: new Date(id) };
  },
});

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A flow of many stages over values of every kind. With `chance`, also of what differs from run to run. */
export function richFlow(name: string, { chance }: { readonly chance: boolean }): Flow {
  return flow(name, (f) => {
    const source = f.source("items", chance ? slowly() : items);
    const references = f.source(
      "references",
      items.filter(({ id }) => id % 4 !== 0),
    );
    const checked = source.tryMap("checked", (item) =>
      item.id % 13 === 5 ? reject("validation", `no use for ${item.text}`) : ok(item),
    );
    checked.errors.sink("rejected", () => undefined);

    checked
      .map("computed", ({ id, text, number, at, big, known, kinds }) => ({
        sums: [number + 0.1, number * 3, -number, number / 7, Math.sqrt(Math.abs(number)), Math.fround(number)],
        shown: [String(number), number.toFixed(3), JSON.stringify({ number, text }), at.toISOString(), String(big)],
        text: [text.length, [...text].length, text.toUpperCase(), text.normalize("NFD"), text.split(""), text + text],
        words: [...TEXTS].sort(byCodeUnits).slice(0, (id % 5) + 1),
        byLength: [...TEXTS].sort((a, b) => a.length - b.length),
        byDefault: [...TEXTS, number, id].sort(),
        turned: new Map([...known].reverse()),
        kinds,
        big: [big * big, BigInt.asUintN(64, -big)],
        keys: Object.keys({ b: 1, 10: 2, a: 3, 9: 4 }),
      }))
      .sink("values", () => undefined);

    checked
      .join("joined", references, {
        kind: "left",
        key: ({ number }) => number,
        on: ({ number }) => number,
        combine: (item, met) => ({ id: item.id, met: met?.text, bytes: met?.bytes }),
      })
      .stateful(
        "grouped",
        groupBy({ key: ({ met }) => met, initial: () => 0, fold: (sum, { id }) => sum + id / 3, emit: everyN(7) }),
      )
      .sink("groups", () => undefined);

    const windows = checked.window("windowed", {
      over: tumbling(30_000),
      time: ({ id, at }) => at.getTime() - (id % 6) * 20_000,
      key: ({ number }) => number,
      initial: () => new Set<string>(),
      fold: (seen, { text }) => seen.add(text),
      outOfOrderMs: 10_000,
    });
    windows.sink("windows", () => undefined);
    windows.late.sink("late", () => undefined);
    checked
      .window("sessions", {
        over: session({ gapMs: 20_000 }),
        time: ({ id, at }) => at.getTime() + (id % 5) * 30_000,
        initial: () => 0n,
        fold: (sum, { big }) => sum + big,
        merge: (earlier, later) => earlier + later,
        outOfOrderMs: 200_000,
      })
      .sink("session-sums", () => undefined);

    checked
      .stateful("greatest", topN({ n: 5, by: ({ id }) => (id * 37) % 23, emit: onEnd() }))
      .sink("ranked", () => undefined);

    checked
      .effectful("priced", {
        effects: { look },
        concurrency: 4,
        handle: async ({ id, text }, { effects, capture }) => {
          const price = await effects.look(id);
          const length = await capture("length", () => text.length);
          return price.match(
            (found) => ({ id, ...found, length }),
            ({ error, message, detail }) => ({ id, error, message, detail, length }),
          );
        },
      })
      .sink("prices", async () => undefined);

    if (!chance) return;
    const again = f.feedback<{ readonly id: number; readonly rounds: number }>();
    const round = f
      .merge(
        checked.map("entering", ({ id }) => ({ id, rounds: 0 })),
        again,
      )
      .map("round", ({ id, rounds }) => ({ id, rounds: rounds + 1 }));
    again.connect(round.filter("again", ({ id, rounds }) => rounds <= id % 4));
    round.filter("done", ({ id, rounds }) => rounds > id % 4).sink("rounds", () => undefined);
    checked
      .map("chance", ({ id }, context) => [context.random(), context.id(), context.now, id])
      .stateful("timed", {
        initial: () => ({ count: 0, least: 1 }),
        fold: ({ count, least }, [random]) => ({ count: count + 1, least: Math.min(least, random as number) }),
        project: (state) => [state],
        emit: within(4),
      })
      .sink("times", () => undefined);
  });
}
