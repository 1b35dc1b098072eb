import { SinkFailure, type CommitHandle, type DeliveryBatch, type SinkConnector, type SinkContext } from "@refold/core";
import { describe, expect, it } from "vitest";

import { sinkConnectorConformance } from "./sink-connector-conformance.ts";
import type { FailingSinkConnector } from "./sink-connector-conformance/under-test.ts";

interface Row {
  readonly n: number;
}

const ITEMS: readonly Row[] = [1, 2, 3, 4, 5].map((n) => Object.freeze({ n }));
const REJECTED: Row = { n: -1 };

type Batch = DeliveryBatch<Row>;

/** Where the sinks of these tests deliver to. */
class Outside implements FailingSinkConnector<Row> {
  readonly rows = new Map<string, Row>();
  readonly connector: SinkConnector<Row>;
  broken = false;

  constructor(connect: (outside: Outside) => SinkConnector<Row>) {
    this.connector = connect(this);
  }

  put(key: string, row: Row): void {
    if (this.broken) throw new Error("no connection");
    this.rows.set(key, row);
  }

  readonly delivered = async (): Promise<readonly Row[]> => [...this.rows.values()];
  readonly dispose = async (): Promise<void> => undefined;
  readonly fail = (): void => void (this.broken = true);
}

/** Writes at once, one row after the other. */
const writing = (outside: Outside): SinkConnector<Row> => ({
  guarantee: "idempotent",
  describe: () => "rows",
  open: () => ({
    write(batch) {
      for (const [index, row] of batch.items.entries()) {
        if (row.n < 0) throw new SinkFailure({ kind: "item", index, error: "domain", message: "negative" });
        outside.put(batch.key(index), row);
      }
    },
  }),
});

/** Writes all or nothing of a batch. */
const allOrNothing = (outside: Outside): SinkConnector<Row> => ({
  ...writing(outside),
  open: () => ({
    async write(batch) {
      await Promise.resolve();
      if (batch.items.some(({ n }) => n < 0)) {
        throw new SinkFailure({ kind: "batch", error: "domain", message: "negative" });
      }
      for (const [index, row] of batch.items.entries()) outside.put(batch.key(index), row);
    },
  }),
});

class Buffer {
  readonly handles: CommitHandle[] = [];
  readonly rows: [key: string, row: Row][] = [];
  readonly outside: Outside;
  readonly context: SinkContext;

  constructor(outside: Outside, context: SinkContext) {
    this.outside = outside;
    this.context = context;
  }

  write(batch: Batch): { readonly outcome: "buffered" } {
    if (batch.items.some(({ n }) => n < 0)) throw new SinkFailure({ kind: "batch", error: "domain", message: "no" });
    for (const [index, row] of batch.items.entries()) this.rows.push([batch.key(index), row]);
    this.handles.push(batch.buffer());
    return { outcome: "buffered" };
  }

  flush(): void {
    for (const [key, row] of this.rows.splice(0)) this.outside.put(key, row);
    for (const handle of this.handles.splice(0)) this.context.commit(handle);
  }
}

const buffering = (outside: Outside): SinkConnector<Row> => ({
  ...writing(outside),
  open: (context) => new Buffer(outside, context),
});

for (const [name, connect] of Object.entries({ writing, allOrNothing, buffering })) {
  sinkConnectorConformance({
    name: `A sink that is ${name}`,
    runner: { describe, it },
    open: async () => new Outside(connect),
    items: ITEMS,
    profiles: { rejected: REJECTED, failing: async () => new Outside(connect) },
  });
}

/** The promises that a sink does not keep. */
async function broken(connect: (outside: Outside) => SinkConnector<Row>): Promise<readonly string[]> {
  const tests: { readonly promise: string; readonly body: () => Promise<void> }[] = [];
  sinkConnectorConformance({
    name: "spoilt",
    runner: {
      describe: (_, body) => body(),
      it: (promise, body) => void tests.push({ promise, body }),
    },
    open: async () => new Outside(connect),
    items: ITEMS,
    profiles: { rejected: REJECTED, failing: async () => new Outside(connect) },
  });
  const failed: string[] = [];
  for (const { promise, body } of tests) await body().catch(() => failed.push(promise));
  return failed;
}

describe("the conformance suite finds a sink that", () => {
  const written = (outside: Outside, write: (batch: Batch) => void): SinkConnector<Row> => ({
    ...writing(outside),
    open: () => ({ write }),
  });

  for (const [what, connect, promise] of [
    [
      "leaves items out",
      (outside) => written(outside, (batch) => outside.put(batch.key(0), batch.items[0] as Row)),
      "delivers all items, in their order",
    ],
    [
      "delivers out of order",
      (outside) =>
        written(outside, (batch) => {
          for (const [index, row] of [...batch.items.entries()].reverse()) outside.put(batch.key(index), row);
        }),
      "delivers batches of any size, in their order",
    ],
    [
      "says that all is outside when it is only buffered",
      (outside) => ({
        ...writing(outside),
        open: () => {
          const rows: [string, Row][] = [];
          return {
            write: (batch) => batch.items.forEach((row, index) => rows.push([batch.key(index), row])),
            flush: () => rows.splice(0).forEach(([key, row]) => outside.put(key, row)),
          };
        },
      }),
      "has delivered what it says it has, whenever it says so",
    ],
    [
      "commits before it has delivered",
      (outside) => ({
        ...writing(outside),
        open(context) {
          const buffer = new Buffer(outside, context);
          return {
            write: (batch) => buffer.write(batch),
            flush: () => buffer.handles.splice(0).forEach((handle) => context.commit(handle)),
            drain: () => buffer.flush(),
          };
        },
      }),
      "has delivered what it says it has, whenever it says so",
    ],
    [
      "buffers for good",
      (outside) => ({
        ...writing(outside),
        open: (context) => {
          const buffer = new Buffer(outside, context);
          return { write: (batch) => buffer.write(batch) };
        },
      }),
      "makes safe what it was given when it is flushed, and goes on",
    ],
    [
      "delivers twice though it is idempotent",
      (outside) =>
        written(outside, (batch) => {
          for (const row of batch.items) outside.put(`${outside.rows.size}`, row);
        }),
      "delivers once what it is given twice under one key, if it promises to",
    ],
    [
      "takes what it should reject",
      (outside) => written(outside, (batch) => batch.items.forEach((row, index) => outside.put(batch.key(index), row))),
      "fails an item that it does not take, and none besides",
    ],
    [
      "hides that its outside refuses",
      (outside) =>
        written(outside, (batch) => {
          if (outside.broken) return;
          for (const [index, row] of batch.items.entries()) outside.put(batch.key(index), row);
        }),
      "throws when its outside refuses, and can still be closed",
    ],
    [
      "changes items",
      (outside) =>
        written(outside, (batch) => {
          for (const [index, row] of batch.items.entries())
            outside.put(batch.key(index), Object.assign(row, { seen: 1 }));
        }),
      "changes nothing in the items that it is given, and nothing in their batch",
    ],
    [
      "touches the outside before it is given anything",
      (outside) => ({
        ...writing(outside),
        open() {
          outside.put("header", { n: 0 });
          return { write: () => undefined };
        },
      }),
      "delivers nothing by being opened and closed, or drained",
    ],
    [
      "begins anew when its run is resumed",
      (outside) => ({
        ...writing(outside),
        open(context) {
          outside.rows.clear();
          return writing(outside).open(context);
        },
      }),
      "keeps what it has delivered when its run is resumed, and goes on behind it",
    ],
    [
      "has nothing to say of itself",
      (outside) => ({ ...writing(outside), describe: () => " " }),
      "describes itself in the same words each time, and touches nothing",
    ],
  ] as readonly (readonly [string, (outside: Outside) => SinkConnector<Row>, string])[]) {
    it(what, async () => {
      expect(await broken(connect)).toContain(promise);
    });
  }
});
