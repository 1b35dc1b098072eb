import { describe, expect, it } from "vitest";

import type { SinkWriter } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { flow, type Flow, type FlowBuilder } from "../authoring/flow.ts";
import { groupBy } from "../authoring/group-by.ts";
import { onEnd } from "../authoring/schedule.ts";
import type { Stream } from "../authoring/stream.ts";
import type { RunReport } from "../run-report.ts";

interface Failed {
  readonly report: RunReport;
  readonly recorded: RecordedRun;
}

/** Runs a flow that is to fail, and holds what every failed run promises. */
async function failed(described: Flow): Promise<Failed> {
  const store = memoryStore();
  const run = await FlowRun.open(described, { store });
  const report = await run.run();
  expect(report.status).toBe("failed");
  const { fault } = report;
  expect(report).toMatchObject({ reason: fault?.message, logFault: undefined });
  const recorded = await run.recorded();
  checkRecord(recorded, run.definition);
  expect(recorded.recordsOf("system", "seal")).toMatchObject([{ status: "failed", reason: fault?.message }]);
  expect(recorded.moves("system").at(-1)).toBe("failed");
  const stage = fault?.stage ?? "";
  expect(recorded.recordsOf(stage, "transition").at(-1)).toMatchObject({
    to: "failed",
    event: { kind: "fail", fault },
  });
  for (const { stage: other, state } of report.stages) {
    expect(["drained", "cancelled", "failed"]).toContain(state);
    expect(recorded.moves(other).at(-1)).toBe(state);
  }
  const replay = await replayFlow(described, { store });
  expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
  return { report, recorded };
}

/** A flow of 600 numbers, a stage called "broken", and a sink. */
const numbersThrough = (broken: (numbers: Stream<number>) => Stream<unknown>): Flow =>
  flow("numbers", (f) => {
    const numbers = f.source(
      "numbers",
      Array.from({ length: 600 }, (_, i) => i),
    );
    broken(numbers).sink("out", () => undefined);
  });

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

describe("a handler that throws", () => {
  for (const at of [0, 1, 255, 256, 300, 599]) {
    it(`at input ${at} fails its stage with that input's place, and what came before is on record`, async () => {
      const { report, recorded } = await failed(
        numbersThrough((numbers) =>
          numbers.map("broken", (n) => {
            if (n === at) throw new TypeError(`no ${n}`);
            return n;
          }),
        ),
      );
      expect(report.fault).toMatchObject({
        code: "handler-threw",
        stage: "broken",
        message: `TypeError: no ${at}`,
        input: placeOf(recorded, "numbers", at),
      });
      expect(report.fault?.stack).toContain("TypeError");
      expect(recorded.payloads("broken")).toEqual(range(at));
    });
  }

  it("after some outputs of an input leaves none of these on record, and all of the inputs before", async () => {
    const emits = (numbers: Stream<number>): Stream<number> =>
      numbers.transform("broken", (n, emit) => {
        emit(n);
        emit(-n);
        if (n === 300) throw new Error("enough");
      });
    const yields = (numbers: Stream<number>): Stream<number> =>
      numbers.flatMap("broken", function* (n) {
        yield n;
        yield -n;
        if (n === 300) throw new Error("enough");
      });
    for (const broken of [emits, yields]) {
      const { recorded } = await failed(numbersThrough(broken));
      expect(recorded.payloads("broken")).toEqual(range(300).flatMap((n) => [n, -n]));
    }
  });

  it("in a fold names the input, and emits nothing", async () => {
    const { report, recorded } = await failed(
      numbersThrough((numbers) =>
        numbers.stateful("broken", {
          initial: () => 0,
          fold(sum, n) {
            if (n === 400) throw new Error("no fold");
            return sum + n;
          },
          project: (sum) => [sum],
          emit: onEnd(),
        }),
      ),
    );
    expect(report.fault).toMatchObject({ code: "handler-threw", input: placeOf(recorded, "numbers", 400) });
    expect(recorded.payloads("broken")).toEqual([]);
  });

  it("in the making of a state fails the stage, not the call that starts the run", async () => {
    const initial = (): number => {
      throw new Error("no state");
    };
    const fold = (sum: number, n: number): number => sum + n;
    const alone = (numbers: Stream<number>): Stream<number> =>
      numbers.stateful("broken", { initial, fold, project: (sum) => [sum], emit: onEnd() });
    const grouped = (numbers: Stream<number>): Stream<unknown> =>
      numbers.stateful("broken", groupBy({ key: (n) => n, initial, fold, emit: onEnd() }));
    for (const broken of [alone, grouped]) {
      const { report, recorded } = await failed(numbersThrough(broken));
      expect(report.fault).toMatchObject({ code: "handler-threw", input: placeOf(recorded, "numbers", 0) });
    }
    const { report } = await failed(
      flow("no-input", (f) => alone(f.source("numbers", [])).sink("out", () => undefined)),
    );
    expect(report.fault).toMatchObject({ code: "handler-threw", message: "Error: no state" });
    expect(report.fault).not.toHaveProperty("input");
  });

  it("in a projection names no input, and what was projected before is on record", async () => {
    for (const at of [0, 1, 256, 400]) {
      const { report, recorded } = await failed(
        numbersThrough((numbers) =>
          numbers.stateful("broken", {
            initial: () => 0,
            fold: (sum) => sum,
            *project() {
              yield* range(at);
              throw new Error("no projection");
            },
            emit: onEnd(),
          }),
        ),
      );
      expect(report.fault).toMatchObject({ code: "handler-threw", message: "Error: no projection" });
      expect(report.fault).not.toHaveProperty("input");
      expect(recorded.payloads("broken")).toEqual(range(at));
    }
  });

  it("what is no Error is told as well, and a very long message is cut", async () => {
    const throwing = (thrown: unknown) => (numbers: Stream<number>) =>
      numbers.map("broken", (): number => {
        throw thrown;
      });
    expect((await failed(numbersThrough(throwing("a text")))).report.fault?.message).toBe("a thrown string: a text");
    expect((await failed(numbersThrough(throwing(undefined)))).report.fault?.message).toBe("a thrown undefined");
    expect((await failed(numbersThrough(throwing(Object.create(null))))).report.fault?.message).toContain(
      "a thrown object",
    );
    const long = await failed(numbersThrough(throwing(new Error("x".repeat(100_000)))));
    expect(long.report.fault?.message.length).toBeLessThan(10_000);
  });

  it("that emits after it has returned is told so, where it emits, and puts nothing on record", async () => {
    const told: unknown[] = [];
    const described = numbersThrough((numbers) =>
      numbers.transform("late", (n, emit: (n: number) => void) => {
        emit(n);
        if (n === 9)
          void Promise.resolve()
            .then(() => emit(-n))
            .catch((cause: unknown) => told.push(cause));
      }),
    );
    const run = await FlowRun.open(described, { store: memoryStore() });
    expect((await run.run()).status).toBe("completed");
    expect(told).toMatchObject([{ message: "emit was called after its handler had returned" }]);
    expect((await run.recorded()).payloads("late")).toEqual(range(600));
  });
});

describe("an output that cannot be stored", () => {
  for (const at of [0, 1, 255, 256, 599]) {
    it(`for input ${at} is refused with its path and the input's place, and what came before is on record`, async () => {
      const { report, recorded } = await failed(
        numbersThrough((numbers) =>
          numbers.flatMap("broken", (n): unknown[] => [n, n === at ? { deep: [{ handler: () => n }] } : -n]),
        ),
      );
      expect(report.fault).toMatchObject({
        code: "payload-refused",
        stage: "broken",
        input: placeOf(recorded, "numbers", at),
      });
      expect(report.fault?.message).toContain("$.deep[0].handler");
      expect(recorded.payloads("broken")).toEqual(range(at).flatMap((n) => [n, -n]));
    });
  }

  it("of an input with more outputs than its readers have room for is refused, and what fitted before is on record", async () => {
    const described = flow("split", (f) =>
      f
        .source("numbers", [0, 1, 2])
        .flatMap("broken", function* (n): Generator<unknown> {
          if (n === 0) yield "first";
          if (n !== 1) return;
          yield* range(100_000);
          yield Symbol("last");
        })
        .sink("out", () => undefined),
    );
    const { report, recorded } = await failed(described);
    expect(report.fault).toMatchObject({ code: "payload-refused", input: placeOf(recorded, "numbers", 1) });
    expect(recorded.payloads("broken")).toEqual(["first", ...range(100_000)]);
  });

  it("of a projection is refused, and what was projected before is on record", async () => {
    for (const at of [0, 3, 256, 300]) {
      const { report, recorded } = await failed(
        numbersThrough((numbers) =>
          numbers.stateful("broken", {
            initial: () => 0,
            fold: (sum) => sum,
            project: (): unknown[] => [...range(at), new (class Money {})(), 1],
            emit: onEnd(),
          }),
        ),
      );
      expect(report.fault).toMatchObject({ code: "payload-refused", stage: "broken" });
      expect(report.fault?.message).toContain("class Money at $");
      expect(recorded.payloads("broken")).toEqual(range(at));
    }
  });

  it("may be a promise of a handler that the compiler did not see", async () => {
    const asynchronous = (async (n: number) => n) as unknown as (n: number) => number;
    const { report } = await failed(numbersThrough((numbers) => numbers.map("broken", asynchronous)));
    expect(report.fault?.message).toContain("promise");
  });
});

describe("a source", () => {
  const reading = (items: Parameters<FlowBuilder["source"]>[1]): Flow =>
    flow("reading", (f) => f.source("broken", items).sink("out", () => undefined));

  it("whose item cannot be stored fails with the item's number and path, and keeps the items before", async () => {
    for (const at of [0, 1, 255, 256, 700]) {
      const { report, recorded } = await failed(
        reading(Array.from({ length: 800 }, (_, i) => (i === at ? { list: [Symbol("no")] } : i))),
      );
      expect(report.fault).toMatchObject({ code: "payload-refused", stage: "broken" });
      expect(report.fault?.message).toMatch(new RegExp(`item ${at} .*\\$\\.list\\[0\\]`));
      expect(recorded.payloads("broken")).toEqual(range(at));
    }
  });

  it("that cannot be opened fails with what was thrown, at once or later", async () => {
    const throws = (): never => {
      throw new RangeError("no such table");
    };
    for (const open of [throws, async () => throws()]) {
      const { report, recorded } = await failed(reading(open));
      expect(report.fault).toMatchObject({ code: "source-threw", message: "RangeError: no such table" });
      expect(recorded.payloads("broken")).toEqual([]);
    }
  });

  it("that opens what is not iterable is told so", async () => {
    for (const opened of [42, null, undefined, {}, { [Symbol.iterator]: 1 }, Promise.resolve(7)]) {
      const { report } = await failed(reading((() => opened) as unknown as () => number[]));
      expect(report.fault).toMatchObject({ code: "source-threw", stage: "broken" });
      expect(report.fault?.message).toMatch(/not iterable/);
    }
  });

  it("that gives one object again and again fails, rather than have all of them recorded as the last", async () => {
    const reusing = flow("reusing", (f) => {
      f.source("rows", function* () {
        const row = { n: 0 };
        for (row.n = 0; row.n < 5; row.n++) yield row;
      }).sink("out", () => undefined);
    });
    const { report } = await failed(reusing);
    expect(report.fault).toMatchObject({ code: "source-threw", stage: "rows" });
    expect(report.fault?.message).toContain("the same object twice in a row");
    const row = Object.freeze({ n: 1 });
    const listed = { n: 2 };
    for (const items of [() => [listed, listed], () => [row, row].values()]) {
      const described = flow("fine", (f) => f.source("rows", items).sink("out", () => undefined));
      expect((await runFlow(described, { store: memoryStore() })).report.status).toBe("completed");
    }
  });

  it("that throws midway keeps the items that it gave before", async () => {
    const iterating = function* (): Generator<number> {
      yield* range(300);
      throw new Error("connection lost");
    };
    const asynchronously = async function* (): AsyncGenerator<number> {
      yield* range(300);
      throw new Error("connection lost");
    };
    for (const items of [iterating, asynchronously]) {
      const { report, recorded } = await failed(reading(items));
      expect(report.fault).toMatchObject({ code: "source-threw", message: "Error: connection lost" });
      expect(recorded.payloads("broken")).toEqual(range(300));
    }
  });

  it("is closed when another stage fails, once", async () => {
    const closed: string[] = [];
    const { report } = await failed(
      flow("closing", (f) => {
        const counting = (name: string) =>
          f.source(name, function* () {
            try {
              for (let n = 0; ; n++) yield n;
            } finally {
              closed.push(name);
            }
          });
        const counted = f.merge(counting("left"), counting("right")).map("broken", (n) => {
          if (n > 5_000) throw new Error("too many");
          return n;
        });
        counted.sink("out", () => undefined);
      }),
    );
    expect(report.fault?.stage).toBe("broken");
    expect(closed.sort()).toEqual(["left", "right"]);
  });

  it("that throws when it is closed does not hide why the run failed", async () => {
    const { report } = await failed(
      flow("closing", (f) => {
        const numbers = f.source("numbers", function* () {
          try {
            for (let n = 0; ; n++) yield n;
          } finally {
            throw new Error("not while closing");
          }
        });
        numbers
          .map("broken", (): number => {
            throw new Error("the cause");
          })
          .sink("out", () => undefined);
      }),
    );
    expect(report.fault).toMatchObject({ stage: "broken", message: "Error: the cause" });
  });
});

describe("a sink", () => {
  const calls: string[] = [];
  const sinkFailingIn = (method: string, how: "throws" | "rejects"): Flow => {
    calls.length = 0;
    const call = (name: string): void | Promise<void> => {
      calls.push(name);
      if (name !== method) return undefined;
      if (how === "rejects") return Promise.reject(new Error(`no ${name}`));
      throw new Error(`no ${name}`);
    };
    const writer: SinkWriter<number> = {
      write: () => call("write"),
      flush: () => call("flush"),
      close: () => call("close"),
    };
    return flow("sink", (f) =>
      f.source("numbers", [1, 2, 3]).sink("broken", {
        guarantee: "at-least-once",
        describe: () => "failing",
        open() {
          const opened = call("open");
          return opened === undefined ? writer : opened.then(() => writer);
        },
      }),
    );
  };

  for (const how of ["throws", "rejects"] as const) {
    for (const [method, called, receipts] of [
      ["open", ["open"], 0],
      ["write", ["open", "write", "close"], 0],
      ["flush", ["open", "write", "flush", "close"], 1],
      ["close", ["open", "write", "flush", "close"], 1],
    ] as const) {
      it(`whose ${method} ${how} fails with its error, and is closed once if it was opened`, async () => {
        const { report, recorded } = await failed(sinkFailingIn(method, how));
        expect(report.fault).toMatchObject({ code: "sink-threw", stage: "broken", message: `Error: no ${method}` });
        expect(calls).toEqual(called);
        expect(recorded.recordsOf("broken", "receipt")).toHaveLength(receipts);
      });
    }
  }

  it("function that fails at an item has no receipt for its batch, which names what was not delivered", async () => {
    const delivered: number[] = [];
    const { recorded } = await failed(
      flow("items", (f) =>
        f.source("numbers", [1, 2, 3]).sink("broken", async (n) => {
          if (n === 2) throw new Error("no 2");
          delivered.push(n);
        }),
      ),
    );
    expect(delivered).toEqual([1]);
    expect(recorded.recordsOf("broken", "consumed")).toEqual([]);
    expect(recorded.recordsOf("broken", "receipt")).toEqual([]);
  });
});

describe("a failure", () => {
  it("of two stages is one failure of the run, and both are on record", async () => {
    const { report, recorded } = await failed(
      flow("two", (f) => {
        const numbers = f.source("numbers", [1]);
        for (const name of ["left", "right"]) {
          numbers
            .map(name, (): number => {
              throw new Error(name);
            })
            .sink(`${name}-out`, () => undefined);
        }
      }),
    );
    expect(report.fault?.stage).toBe("left");
    for (const stage of ["left", "right"]) expect(recorded.moves(stage).at(-1)).toBe("failed");
  });
});

function placeOf(recorded: RecordedRun, stage: string, item: number): string {
  let left = item;
  for (const [seq, record] of recorded.records(stage).entries())
    if (record.kind === "data" && left-- === 0) return `${stage}:${seq}`;
  throw new RangeError(`no item ${item}`);
}
