import type { SourceConnector, SourceReader } from "@refold/core";
import { poll, type PollCall } from "@refold/runtime";
import { describe, expect, it } from "vitest";

import { sourceConnectorConformance } from "./source-connector-conformance.ts";
import type { FailingSourceConnector } from "./source-connector-conformance/under-test.ts";

interface Row {
  readonly n: number;
}

const ITEMS: readonly Row[] = [1, 2, 3, 4, 5].map((n) => ({ n }));

/** Where the sources of these tests read from. */
class Outside implements FailingSourceConnector<Row> {
  readonly connector: SourceConnector<Row>;
  readonly rows: readonly Row[] = ITEMS;
  broken = false;

  constructor(connect: (outside: Outside) => SourceConnector<Row>) {
    this.connector = connect(this);
  }

  /** Rows of their own, from a place on. */
  page(from: number, limit: number): readonly Row[] {
    if (this.broken) throw new Error("no connection");
    return this.rows.slice(from, from + limit).map(({ n }) => ({ n }));
  }

  readonly dispose = async (): Promise<void> => undefined;
  readonly fail = (): void => void (this.broken = true);
  readonly mend = (): void => void (this.broken = false);
}

/** The runtime's own, over pages. */
const polled = (outside: Outside): SourceConnector<Row> =>
  poll(async ({ cursor = 0, limit }: PollCall) => {
    const from = Number(cursor);
    const items = outside.page(from, limit);
    return { items, cursor: from + items.length, done: from + items.length === ITEMS.length };
  });

/** Tells of its end with nothing in hand, and gives no cursors. */
const withoutCursors = (outside: Outside): SourceConnector<Row> =>
  reading((from, limit) => {
    const items = outside.page(from, limit);
    return items.length === 0 ? { items, done: true } : { items };
  });

/** Goes on for ever, and gives nothing each second time. */
const endless = (outside: Outside): SourceConnector<Row> => {
  let turn = 0;
  return {
    ...reading((from, limit) => {
      const items = turn++ % 2 === 0 ? [] : outside.page(from, limit);
      return { items, cursor: from + items.length };
    }),
    extent: "infinite",
  };
};

type Read = (from: number, limit: number) => Awaited<ReturnType<SourceReader<Row>["read"]>>;

function reading(read: Read, close?: () => void): SourceConnector<Row> {
  return {
    extent: "finite",
    describe: () => "rows",
    open({ cursor }) {
      let at = typeof cursor === "number" ? cursor : 0;
      return {
        read(limit) {
          const batch = read(at, limit);
          at += batch.items.length;
          return batch;
        },
        ...(close === undefined ? {} : { close }),
      };
    },
  };
}

for (const [name, connect] of Object.entries({ polled, withoutCursors, endless })) {
  sourceConnectorConformance({
    name: `A source that is ${name}`,
    runner: { describe, it },
    open: async () => new Outside(connect),
    items: ITEMS,
    profiles: { failing: async () => new Outside(connect) },
  });
}

/** The promises that a source does not keep. */
async function broken(connect: (outside: Outside) => SourceConnector<Row>): Promise<readonly string[]> {
  const tests: { readonly promise: string; readonly body: () => Promise<void> }[] = [];
  sourceConnectorConformance({
    name: "spoilt",
    runner: {
      describe: (_, body) => body(),
      it: (promise, body) => void tests.push({ promise, body }),
    },
    open: async () => new Outside(connect),
    items: ITEMS,
    profiles: { failing: async () => new Outside(connect) },
  });
  const failed: string[] = [];
  for (const { promise, body } of tests) await body().catch(() => failed.push(promise));
  return failed;
}

describe("the conformance suite finds a source that", () => {
  /** A good source, but for what is done to each batch. */
  const spoilt =
    (spoil: (batch: ReturnType<Read>, from: number, limit: number) => ReturnType<Read>, close?: () => void) =>
    (outside: Outside): SourceConnector<Row> =>
      reading((from, limit) => {
        const items = outside.page(from, limit);
        const end = from + items.length;
        return spoil({ items, cursor: end, done: end === ITEMS.length }, from, limit);
      }, close);

  it.each<readonly [string, (outside: Outside) => SourceConnector<Row>, string]>([
    [
      "leaves an item out",
      spoilt((batch, from) => (from === 0 ? { ...batch, items: batch.items.slice(1) } : batch)),
      "gives all items, in their order, and then says that it is done, if it is finite",
    ],
    [
      "gives items out of order",
      spoilt((batch) => ({ ...batch, items: [...batch.items].reverse() })),
      "gives all items, in their order, and then says that it is done, if it is finite",
    ],
    [
      "never says that it is done",
      spoilt(({ items, cursor }) => ({ items, cursor })),
      "gives all items, in their order, and then says that it is done, if it is finite",
    ],
    [
      "is done though it is infinite",
      (outside) => ({ ...polled(outside), extent: "infinite", open: (at) => polled(outside).open(at) }),
      "gives all items, in their order, and then says that it is done, if it is finite",
    ],
    [
      "gives more than it may",
      (outside) => reading((from) => ({ items: outside.page(from, ITEMS.length), done: true })),
      "gives no more items at once than it may",
    ],
    [
      "gives what cannot be stored",
      spoilt((batch) => ({ ...batch, items: batch.items.map((row) => Object.assign(row, { run: () => row })) })),
      "gives what the log can store, and gives back as it was",
    ],
    [
      "gives a cursor that cannot be stored",
      spoilt((batch, from) => ({ ...batch, cursor: () => from })),
      "gives what follows when it is opened at a cursor, at each that it gave",
    ],
    [
      "gives the place of a batch, and not that behind it, as its cursor",
      spoilt((batch, from) => ({ ...batch, cursor: from })),
      "gives what follows when it is opened at a cursor, at each that it gave",
    ],
    [
      "is not where its cursors say when it is opened again",
      (outside) => {
        let openings = 0;
        const good = spoilt((batch) => batch)(outside);
        const isWrong = (): boolean => openings++ > 1;
        return { ...good, open: (at) => good.open(isWrong() ? { ...at, cursor: 0 } : at) };
      },
      "gives what follows when it is opened at a cursor again and again",
    ],
    [
      "gives its items once and for all",
      (outside) => {
        let at = 0;
        return reading((_, limit) => {
          const items = outside.page(at, limit);
          at += items.length;
          return { items, done: at === ITEMS.length };
        });
      },
      "gives the same again when it is opened again from its beginning, if it is finite",
    ],
    [
      "cannot be closed in the midst",
      spoilt(
        (batch) => batch,
        () => {
          throw new Error("still busy");
        },
      ),
      "can be closed before it is read, and in the midst of its items",
    ],
    [
      "gives one object again and again",
      (outside) => {
        const row = { n: 0 };
        return spoilt((batch) => ({ ...batch, items: batch.items.map(({ n }) => Object.assign(row, { n })) }))(outside);
      },
      "gives no more items at once than it may",
    ],
    [
      "makes something up when it is told that no more is wanted",
      (outside) => ({
        ...polled(outside),
        describe: () => "rows",
        open(at) {
          const good = polled(outside).open(at) as SourceReader<Row>;
          return {
            read: (limit) => (at.signal.aborted ? { items: [{ n: 0 }] } : good.read(limit)),
          };
        },
      }),
      "settles each read once it is told that no more is wanted, and makes nothing up",
    ],
    [
      "hides that its outside refuses",
      (outside) => {
        const good = spoilt((batch) => batch)(outside);
        return {
          ...good,
          open(at) {
            const reader = good.open(at) as SourceReader<Row>;
            return { read: (limit) => (outside.broken ? { items: [], done: true } : reader.read(limit)) };
          },
        };
      },
      "throws when its outside refuses, and goes on where it was when that is over, unless it says it is final",
    ],
    [
      "loses what it had in hand when its outside refused",
      (outside) => {
        let at = 0;
        return reading((_, limit) => {
          const from = at;
          at += limit;
          const items = outside.page(from, limit);
          return { items, done: at >= ITEMS.length };
        });
      },
      "throws when its outside refuses, and goes on where it was when that is over, unless it says it is final",
    ],
    [
      "has nothing to say of itself",
      (outside) => ({ ...spoilt((batch) => batch)(outside), describe: () => " " }),
      "describes itself in the same words each time",
    ],
  ])("%s", async (_, connect, promise) => {
    expect(await broken(connect)).toContain(promise);
  });
});
