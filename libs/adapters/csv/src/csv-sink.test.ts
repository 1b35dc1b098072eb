import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SinkFailure, type CommitHandle, type RunId, type SinkConnector, type SinkWriter } from "@refold/core";
import { sinkConnectorConformance } from "@refold/testkit";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { csvFile } from "./csv-file.ts";
import { csvSink, type CsvSinkOptions } from "./csv-sink.ts";

let directory: string;
let files = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-csv-sink-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const nextPath = (): string => join(directory, `${files++}.csv`);

function rowsIn(path: string): readonly object[] {
  return existsSync(path) ? parse(readFileSync(path), { columns: true }) : [];
}

const RUN = "01900001-0000-7000-8000-000000000000" as RunId;
const OTHER_RUN = "01900002-0000-7000-8000-000000000000" as RunId;

/** A sink in the hands of a test: it can be killed, and what is not committed then comes again. */
class Delivery {
  readonly #connector: SinkConnector<object>;
  readonly #run: RunId;
  #wasOpen: boolean;
  readonly #committed: Set<number> = new Set();
  readonly #handles: Map<CommitHandle, readonly number[]> = new Map();
  #writer: SinkWriter<object> | undefined;

  constructor(options: CsvSinkOptions, run: RunId = RUN, { resumed = false }: { readonly resumed?: boolean } = {}) {
    this.#wasOpen = resumed;
    this.#connector = csvSink(options);
    this.#run = run;
  }

  isCommitted(seq: number): boolean {
    return this.#committed.has(seq);
  }

  async deliver(items: readonly object[], firstSeq = 0): Promise<void> {
    this.#writer ??= await this.#connector.open({
      stage: "out",
      runId: this.#run,
      resumed: this.#wasOpen,
      commit: (handle) => this.#commit(handle),
    });
    this.#wasOpen = true;
    await this.#writer.write({
      items,
      key: (index) => `${this.#run}/rows:${firstSeq + index}`,
      buffer: () => {
        const handle = { stage: "out" };
        this.#handles.set(
          handle,
          Array.from(items.keys(), (index) => firstSeq + index),
        );
        return handle;
      },
    });
  }

  async flush(): Promise<void> {
    await this.#writer?.flush?.();
  }

  /** Ends it where it is, as a signal does that no process hears. The log may not have had its receipts. */
  async kill({ forgetting = [] }: { readonly forgetting?: readonly number[] } = {}): Promise<void> {
    await this.#writer?.close?.();
    this.#writer = undefined;
    this.#handles.clear();
    for (const seq of forgetting) this.#committed.delete(seq);
  }

  #commit(handle: CommitHandle): void {
    for (const seq of this.#handles.get(handle) ?? []) this.#committed.add(seq);
  }
}

async function written(items: readonly object[], options: Omit<CsvSinkOptions, "path"> = {}): Promise<string> {
  const path = nextPath();
  const delivery = new Delivery({ ...options, path });
  await delivery.deliver(items);
  await delivery.flush();
  await delivery.kill();
  return readFileSync(path, "utf8");
}

sinkConnectorConformance({
  name: "A CSV file",
  runner: { describe, it },
  open: async () => {
    const path = nextPath();
    return { connector: csvSink({ path }), delivered: async () => rowsIn(path), dispose: async () => undefined };
  },
  items: ["a", "b", 'c "quoted"', "d\nin two lines", "é"].map((text, n) => ({ n: `${n}`, text })),
  profiles: {
    rejected: { n: "9", text: { nested: true } },
    failing: async () => {
      const folder = nextPath();
      mkdirSync(folder);
      const path = join(folder, "out.csv");
      return {
        connector: csvSink({ path }),
        delivered: async () => rowsIn(path),
        dispose: async () => undefined,
        fail: () => rmSync(folder, { recursive: true }),
      };
    },
  },
});

describe("a row of a CSV file", () => {
  it("has text, numbers, dates and nothing as they are", async () => {
    const items = [
      { text: "a,b", number: -0.5, big: 2n ** 64n, flag: true, at: new Date(0), none: null },
      { text: 'say "a"', number: Number.NaN, big: 0n, flag: false, at: undefined },
    ];
    expect(await written(items)).toBe(
      'text,number,big,flag,at,none\n"a,b",-0.5,18446744073709551616,true,1970-01-01T00:00:00.000Z,\n"say ""a""",NaN,0,false,,\n',
    );
  });

  it("has the columns that are asked for, in that order, and no others", async () => {
    const options = { columns: ["b", "toString", "a"], delimiter: ";", header: false };
    expect(await written([{ a: 1, b: "2;", c: [] }], options)).toBe('"2;";;1\n');
  });

  it.each([
    ["an object", { n: 1, x: {} }, 'column "x": a cell cannot hold this value'],
    ["an array", { n: 1, x: [1] }, 'column "x": a cell cannot hold this value'],
    ["bytes", { n: 1, x: new Uint8Array(1) }, 'column "x": a cell cannot hold this value'],
    ["text that UTF-8 has no bytes for", { n: 1, x: "\ud800" }, 'column "x": a cell cannot hold this value'],
    ["a column that the first row had not", { n: 1, x: "1", y: "2" }, 'the file has no column "y"'],
  ])("is not made of an item with %s", async (_, item, message) => {
    const delivery = new Delivery({ path: nextPath() });
    await delivery.deliver([{ n: 0, x: "" }]);
    const failure: unknown = await delivery.deliver([{ n: 2 }, item], 1).catch((cause: unknown) => cause);
    await delivery.kill();
    expect(failure).toBeInstanceOf(SinkFailure);
    expect((failure as SinkFailure).reason).toEqual({ kind: "item", index: 1, error: "validation", message });
  });

  it("is read as it was written", async () => {
    const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
    const cell = fc.oneof(text, fc.constantFrom("", '"', ",", "\r", "\n", "\r\n", "\uFEFF", "x\r", "\r\n\r\n"));
    const column = cell.filter((name) => name !== "__proto__");
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(column, { minLength: 1, maxLength: 3 }).chain((columns) =>
          fc.record({
            columns: fc.constant(columns),
            rows: fc.array(fc.array(cell, { minLength: columns.length, maxLength: columns.length }), { minLength: 1 }),
            header: fc.boolean(),
          }),
        ),
        async ({ columns, rows, header }) => {
          const items = rows.map((cells) => Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? ""])));
          const path = nextPath();
          writeFileSync(path, await written(items, { columns, header }));
          const source = csvFile({ path, columns, header });
          const reader = await source.open({ cursor: undefined, signal: new AbortController().signal });
          const read: object[] = [];
          for (;;) {
            const batch = await reader.read(100);
            read.push(...batch.items);
            if (batch.done === true) break;
          }
          await reader.close?.();
          expect(read).toEqual(items);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("the file of a CSV sink", () => {
  it("has a header once, however often the run is resumed", async () => {
    const path = nextPath();
    const delivery = new Delivery({ path });
    for (const n of [0, 1, 2]) {
      await delivery.deliver([{ n }], n);
      await delivery.flush();
      await delivery.kill();
    }
    expect(readFileSync(path, "utf8")).toBe("n\n0\n1\n2\n");
  });

  it("loses what a killed process had written and not committed, and has it once when it comes again", async () => {
    const path = nextPath();
    const delivery = new Delivery({ path });
    await delivery.deliver([{ n: 0 }], 0);
    await delivery.flush();
    await delivery.deliver([{ n: 1 }], 1);
    await delivery.kill();
    appendFileSync(path, "1\n2");
    await delivery.deliver([{ n: 1 }, { n: 2 }], 1);
    await delivery.flush();
    await delivery.kill();
    expect(readFileSync(path, "utf8")).toBe("n\n0\n1\n2\n");
  });

  it("goes to the disk before it is committed when it is much, and is cut off there as well", async () => {
    const path = nextPath();
    const delivery = new Delivery({ path });
    const text = "x".repeat(600_000);
    await delivery.deliver([{ text }, { text }]);
    expect(readFileSync(path).length).toBeGreaterThan(1_200_000);
    expect(delivery.isCommitted(0)).toBe(false);
    await delivery.kill();
    await delivery.deliver([{ text: "y" }]);
    await delivery.flush();
    await delivery.kill();
    expect(readFileSync(path, "utf8")).toBe("text\ny\n");
  });

  it("is replaced by another run, and only when that has a row", async () => {
    const path = nextPath();
    for (const [run, n] of [
      [RUN, 1],
      [OTHER_RUN, 2],
    ] as const) {
      const delivery = new Delivery({ path }, run);
      await delivery.flush();
      if (n === 2) expect(readFileSync(path, "utf8")).toBe("n\n1\n");
      await delivery.deliver([{ n }]);
      await delivery.flush();
      await delivery.kill();
    }
    expect(readFileSync(path, "utf8")).toBe("n\n2\n");
  });

  it("is not replaced by a run that is resumed after a later one has written it", async () => {
    const path = nextPath();
    const first = new Delivery({ path });
    await first.deliver([{ n: 1 }]);
    await first.flush();
    await first.kill();
    const later = new Delivery({ path }, OTHER_RUN);
    await later.deliver([{ n: 2 }]);
    await later.flush();
    await later.kill();
    await expect(first.deliver([{ n: 3 }], 1)).rejects.toThrow(`run ${OTHER_RUN}, which began after this one, ${RUN},`);
    await first.kill();
    expect(readFileSync(path, "utf8")).toBe("n\n2\n");
  });

  it("is replaced by a run that is resumed before its first row, when an earlier one has written it", async () => {
    const path = nextPath();
    const earlier = new Delivery({ path });
    await earlier.deliver([{ n: 1 }]);
    await earlier.flush();
    await earlier.kill();
    const resumed = new Delivery({ path }, OTHER_RUN, { resumed: true });
    await resumed.deliver([{ n: 2 }]);
    await resumed.flush();
    await resumed.kill();
    expect(readFileSync(path, "utf8")).toBe("n\n2\n");
  });

  it("has each row once, in order, wherever processes are killed", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("deliver" as const), count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant("flush" as const) }),
      // Up to so many of the last receipts were not safe in the log, and something of the next rows was in the file.
      fc.record({ kind: fc.constant("kill" as const), lost: fc.nat(4), torn: fc.constantFrom("", "1", '"x\n') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const path = nextPath();
        const delivery = new Delivery({ path });
        let next = 0;
        const committed = (): number =>
          Array.from({ length: next + 1 }, (_, n) => n).findIndex((n) => !delivery.isCommitted(n));
        const deliver = async (count: number): Promise<void> => {
          await delivery.deliver(
            Array.from({ length: count }, (_, i) => ({ n: next + i, text: `row ${next + i}` })),
            next,
          );
          next += count;
        };
        for (const taken of steps) {
          if (taken.kind === "deliver") await deliver(taken.count);
          else if (taken.kind === "flush") await delivery.flush();
          else {
            const known = Math.max(0, committed() - taken.lost);
            await delivery.kill({ forgetting: Array.from({ length: next - known }, (_, i) => known + i) });
            if (existsSync(path)) appendFileSync(path, taken.torn);
            next = known;
          }
        }
        await deliver(1);
        await delivery.flush();
        await delivery.kill();
        const rows = rowsIn(path);
        // What a crash made the log forget may be in the file already, and comes again only if the run goes on so far.
        expect(rows.length).toBeGreaterThanOrEqual(next);
        expect(rows).toEqual(rows.map((_, n) => ({ n: `${n}`, text: `row ${n}` })));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["was cut short", (path: string) => truncateSync(path, 1), "it has 1 bytes, where 4 are committed"],
    ["has progress that is none", (path: string) => writeFileSync(`${path}.progress`, "{"), "it does not say how far"],
    [
      "has progress of another kind",
      (path: string) => writeFileSync(`${path}.progress`, "[]"),
      "it does not say how far",
    ],
  ])("is not gone on with when it %s", async (_, spoil, message) => {
    const path = nextPath();
    const delivery = new Delivery({ path });
    await delivery.deliver([{ n: 1 }]);
    await delivery.flush();
    await delivery.kill();
    spoil(path);
    await expect(delivery.deliver([{ n: 2 }], 1)).rejects.toThrow(message);
    await delivery.kill();
  });

  it("is not gone on with in other columns", async () => {
    const path = nextPath();
    const before = new Delivery({ path, columns: ["a"] });
    await before.deliver([{ a: 1 }]);
    await before.flush();
    await before.kill();
    const after = new Delivery({ path, columns: ["a", "b"] });
    await expect(after.deliver([{ a: 1 }], 1)).rejects.toThrow("its columns are a");
    await after.kill();
  });
});
