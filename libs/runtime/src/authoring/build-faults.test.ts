import { describe, expect, it } from "vitest";

import { eventType } from "@refold/core";

import { explainFlowFault, type FlowFault } from "../definition/flow-fault.ts";
import { batches } from "./batches.ts";
import { flow, isFlow, type FlowBuilder } from "./flow.ts";
import { groupBy } from "./group-by.ts";
import { poll } from "./poll.ts";
import { seekable } from "./seekable.ts";
import { everyN, onEnd, within, type Schedule } from "./schedule.ts";
import type { Stream } from "./stream.ts";

const faultsOf = (build: (f: FlowBuilder) => void, name = "broken"): readonly FlowFault[] => {
  const built = flow(name, build).build();
  return built.isErr() ? built.error : [];
};

/** Of JavaScript authors, whom no compiler warns. */
const untyped = (value: unknown): never => value as never;

const kinds = (faults: readonly FlowFault[]): readonly string[] =>
  faults.map((fault) => (fault.kind === "topology" ? fault.fault.kind : fault.kind));

describe("building a flow", () => {
  it("tells everything that is wrong at once", () => {
    const faults = faultsOf((f) => {
      const numbers = f.source("numbers", untyped(42));
      numbers.map("system", untyped("not a function")).sink("out", () => undefined);
      numbers.map("twice", (n) => n, { type: eventType("", { version: 0 }) });
      numbers.map("twice", (n) => n, { type: eventType("t", { version: 1 }) });
      numbers.map("other", (n) => n, { type: eventType("t", { version: 2 }) });
    });
    expect(kinds(faults)).toEqual(
      expect.arrayContaining([
        ...["not-a-function", "not-a-function", "event-type", "event-type", "type-in-two-versions"],
        ...["malformed-stage-name", "duplicate-stage"],
      ]),
    );
    for (const fault of faults) expect(explainFlowFault(fault)).toMatch(/^[A-Z].*[.!?]$/s);
  });

  it("calls the build function at each build, and only then", () => {
    let calls = 0;
    const described = flow("counted", (f) => {
      calls++;
      f.source("numbers", [1]).sink("out", () => undefined);
    });
    expect(calls).toBe(0);
    expect(described.build().isOk()).toBe(true);
    expect(described.build().isOk()).toBe(true);
    expect(calls).toBe(2);
  });

  it("opens no source and no sink", () => {
    const opened: string[] = [];
    const described = flow("untouched", (f) => {
      f.source("numbers", () => {
        opened.push("source");
        return [1];
      }).sink("out", {
        guarantee: "at-least-once",
        describe: () => "untouched",
        open() {
          opened.push("sink");
          return { write: () => undefined };
        },
      });
    });
    expect(described.build().isOk()).toBe(true);
    expect(opened).toEqual([]);
  });

  it("tells what the build function threw, and what was wrong before", () => {
    const faults = faultsOf((f) => {
      f.source("numbers", untyped(null));
      throw new Error("no configuration");
    });
    expect(kinds(faults)).toEqual(["not-a-function", "builder-threw"]);
    expect(faults.map(explainFlowFault).join("\n")).toContain("no configuration");
    expect(
      kinds(
        faultsOf(() => {
          throw untyped("a text");
        }),
      ),
    ).toEqual(["builder-threw"]);
  });

  it("refuses a build function that awaits, or is none: what it declares later would be lost", () => {
    const later = async (f: FlowBuilder): Promise<void> => {
      await Promise.resolve();
      f.source("lost", [1]).sink("out", () => undefined);
    };
    const awaiting = flow("awaiting", untyped(later));
    expect(awaiting.build()._unsafeUnwrapErr()).toMatchObject([
      { kind: "builder-threw", message: expect.stringContaining("promise") as string },
    ]);
    const none = flow("none", untyped(undefined));
    expect(none.build()._unsafeUnwrapErr()).toEqual([{ kind: "builder-threw", message: "there is none" }]);
  });

  it("refuses a name that means two event types, of which one says what its payloads are", () => {
    const schema = {
      "~standard": { version: 1, vendor: "a test", validate: (value: unknown) => ({ value }) },
    } as const;
    const Order = eventType("order", { schema });
    const twice = faultsOf((f) => {
      f.source("order", ["text"])
        .map("parsed", (text) => text, { type: Order })
        .sink("out", () => undefined);
    });
    expect(twice).toEqual([{ kind: "type-declared-twice", type: "order" }]);
    const shared = faultsOf((f) => {
      f.source("texts", ["text"], { type: Order })
        .map("parsed", (text) => text, { type: Order })
        .sink("out", () => undefined);
    });
    expect(shared).toEqual([]);
  });

  it("refuses a graph that means nothing: no stages, a stream that nobody reads, a name that is no name", () => {
    expect(kinds(faultsOf(() => undefined))).toEqual(["empty-flow"]);
    expect(kinds(faultsOf((f) => void f.source("numbers", [1])))).toEqual(["dead-end"]);
    expect(
      kinds(faultsOf((f) => f.source("numbers", [1]).sink("out", () => undefined), "a flow/with a slash")),
    ).toEqual(["malformed-flow-name"]);
  });

  it("refuses a stream of another flow, and one of an earlier build", () => {
    let kept: Stream<number> | undefined;
    const build = (f: FlowBuilder): void => {
      const numbers = f.source("numbers", [1]);
      f.merge(kept ?? numbers, numbers).sink("out", () => undefined);
      kept = numbers;
    };
    expect(faultsOf(build)).toEqual([]);
    const faults = faultsOf(build);
    expect(faults).toEqual([{ kind: "foreign-stream", stage: "numbers" }]);
    expect(explainFlowFault(faults[0] as FlowFault)).toContain("another flow");
  });

  it("tells JavaScript authors which argument is wrong, and what was found", () => {
    const faults = faultsOf((f) => {
      const numbers = f.source("numbers", untyped("a text"));
      numbers.map("mapped", untyped(undefined)).sink("mapped-out", () => undefined);
      numbers.filter("kept", untyped(null)).sink("kept-out", () => undefined);
      numbers.flatMap("several", untyped([])).sink("several-out", () => undefined);
      numbers.transform("general", untyped({})).sink("general-out", () => undefined);
      numbers
        .stateful("sum", { initial: untyped(0), fold: (a: number) => a, project: untyped(undefined), emit: onEnd() })
        .sink("sum-out", () => undefined);
      numbers.sink("no-sink", untyped(undefined));
      numbers.sink("no-connector", untyped({ write: () => undefined }));
    });
    const wrong = faults.map((fault) => (fault.kind === "not-a-function" ? [fault.stage, fault.found] : []));
    expect(wrong).toEqual([
      ["numbers", "string"],
      ["mapped", "undefined"],
      ["kept", "null"],
      ["several", "object"],
      ["general", "object"],
      ["sum", "number"],
      ["sum", "undefined"],
      ["no-sink", "undefined"],
      ["no-connector", "undefined"],
    ]);
  });

  it("survives arguments that are missing altogether", () => {
    const faults = faultsOf((f) => {
      const numbers = f.source("numbers", [1]);
      numbers.stateful("sum", untyped(undefined));
    });
    expect(kinds(faults)).toContain("not-a-function");
    expect(kinds(faultsOf((f) => void f.merge(untyped(42))))).toContain("builder-threw");
    expect(kinds(faultsOf((f) => void f.source(untyped(undefined), [1])))).not.toEqual([]);
    expect(kinds(faultsOf(untyped(undefined)))).toEqual(["builder-threw"]);
  });

  it("names the option of a source that means nothing, what was found, and what is allowed", () => {
    const faults = faultsOf((f) => {
      f.source("numbers", [1], { retry: { attempts: 0, firstMs: -1, maxMs: Number.NaN } }).sink("a", () => undefined);
      f.source(
        "polled",
        poll(() => ({ items: [1] }), { everyMs: -5 }),
      ).sink("b", () => undefined);
      f.source("endless", [1], { extent: untyped("for ever") }).sink("c", () => undefined);
      f.source("connected", untyped({ open: () => undefined })).sink("d", () => undefined);
    });
    expect(faults).toEqual(
      [
        ["numbers", "`retry.attempts` must be a whole number from 1, but is 0"],
        ["numbers", "`retry.firstMs` must be 0 or more, in milliseconds, but is -1"],
        ["numbers", "`retry.maxMs` must be 0 or more, in milliseconds, but is NaN"],
        ["polled", "`everyMs` must be 0 or more, in milliseconds, but is -5"],
        ["endless", '`extent` must be "finite" or "infinite", but is for ever'],
        ["connected", '`extent` must be "finite" or "infinite", but is undefined'],
      ].map(([stage, problem]) => ({ kind: "bad-option", stage, problem })),
    );
  });

  it("asks for nothing but an iterable, or a function, of a source", () => {
    for (const items of [
      [],
      new Set(),
      new Map(),
      new Uint8Array(1),
      () => [],
      { [Symbol.iterator]: () => [][Symbol.iterator]() },
    ]) {
      expect(
        faultsOf((f) => f.source<unknown>("items", items as Iterable<unknown>).sink("out", () => undefined)),
      ).toEqual([]);
    }
    const wrong = [batches(untyped(1)), seekable(untyped([])), poll(untyped(undefined)), { open: 1, extent: "finite" }];
    for (const items of [null, undefined, 1, {}, Promise.resolve([]), ...wrong]) {
      const faults = faultsOf((f) => f.source("items", untyped(items)).sink("out", () => undefined));
      expect(kinds(faults)).toEqual(["not-a-function"]);
    }
  });
});

describe("each fault names its stage and says what to do", () => {
  const out = () => undefined;
  const texts = (build: (f: FlowBuilder) => void): string => faultsOf(build).map(explainFlowFault).join("\n");

  it("a name that two stages have, and an empty one", () => {
    const twice = texts((f) => {
      const numbers = f.source("numbers", [1]);
      numbers.map("same", (n) => n).sink("out", out);
      numbers.filter("same", () => true).sink("", out);
    });
    expect(twice).toMatch(/already a stage named "same".*Give one of them another name/);
    expect(twice).toMatch(/stage name "" .* is empty\. Give it a name/);
  });

  it("a stage that leads to no sink, or to an observer alone; a flow that is a source", () => {
    const lost = texts((f) => {
      const numbers = f.source("numbers", [1]);
      numbers.map("lost", (n) => n);
      numbers.map("looked-at", (n) => n).observe("seen", out);
      numbers.sink("out", out);
    });
    expect(lost).toMatch(/stage "lost" leads to no sink.*Connect it/);
    expect(lost).toMatch(/stage "looked-at" leads to no sink.*an observer only looks on/);
    expect(lost).not.toContain('"seen"');
    expect(texts((f) => void f.source("alone", [1]))).toMatch(/stage "alone" leads to no sink/);
  });

  it("a cycle through a stateful stage, and one that is entered at two stages", () => {
    const stateful = texts((f) => {
      const back = f.feedback<number>();
      const entry = f.merge(f.source("numbers", [1]), back).map("entry", (n) => n);
      const sum = entry.stateful("sum", {
        initial: () => 0,
        fold: (total: number, n) => total + n,
        project: (total) => [total],
        emit: everyN(2),
      });
      back.connect(sum);
      entry.sink("out", out);
    });
    expect(stateful).toMatch(/stateful "sum" is part of the cycle of "entry" and "sum".*Move it out of the cycle/);
    const entries = texts((f) => {
      const back = f.feedback<number>();
      const first = f.merge(f.source("numbers", [1]), back).map("first", (n) => n);
      const second = f.merge(first, f.source("others", [2])).map("second", (n) => n);
      back.connect(second.filter("again", () => false));
      second.sink("out", out);
    });
    expect(entries).toMatch(/is entered at "first" and "second".*Merge the inputs/);
  });

  it("a schedule that never comes, whichever it is, or none; and a limit that is none", () => {
    const sums = (emit: Schedule): string =>
      texts((f) => {
        const fold = (total: number, n: number): number => total + n;
        const spec = { initial: () => 0, fold, project: (total: number) => [total], emit };
        f.source("numbers", [1]).stateful("sum", spec).sink("out", out);
      });
    for (const never of [0, -1, 1.5, Number.NaN]) {
      expect(sums(everyN(never))).toMatch(/"sum": everyN\(.*\) never comes: give a whole number of inputs from 1/);
    }
    for (const never of [0, -1, Number.NaN, Infinity]) {
      expect(sums(within(never))).toMatch(/"sum": within\(.*\) is no time: give milliseconds above 0/);
    }
    expect(sums(untyped(undefined))).toMatch(/"sum": it has no schedule: give it one as `emit`/);
    expect(sums(untyped("daily"))).toMatch(/"sum": it has no schedule/);
    expect(sums(everyN(1))).toBe("");
    for (const maxKeys of [0, -1, 1.5, Number.NaN]) {
      const key = (n: number): number => n;
      const grouped = groupBy({ key, initial: () => 0, fold: (total: number) => total, emit: onEnd(), maxKeys });
      const told = texts((f) => f.source("numbers", [1]).stateful("groups", grouped).sink("out", out));
      expect(told).toMatch(/"groups": its `maxKeys` is .*: give a whole number from 1/);
    }
  });

  it("handlers within groupBy, and those of an observer", () => {
    const faults = faultsOf((f) => {
      const numbers = f.source("numbers", [1]);
      const grouped = groupBy({ key: untyped("id"), initial: untyped(0), fold: untyped(null), emit: onEnd() });
      numbers.stateful("groups", grouped).sink("out", out);
      numbers.observe("no-handler", untyped(undefined));
      numbers.observe("nothing", {});
      numbers.observe("not-functions", { item: untyped(1), lifecycle: untyped("yes") });
    });
    const wrong = faults.map((fault) => (fault.kind === "not-a-function" ? [fault.stage, fault.what] : []));
    expect(wrong).toEqual([
      ["groups", "its `key`"],
      ["groups", "its `initial`"],
      ["groups", "its `fold`"],
      ["no-handler", "what it calls"],
      ["nothing", "what it calls"],
      ["not-functions", "its `item`"],
      ["not-functions", "its `lifecycle`"],
    ]);
  });
});

describe("isFlow", () => {
  it("tells a flow from anything else, without calling it", () => {
    expect(isFlow(flow("a", () => undefined))).toBe(true);
    expect(isFlow({ name: "made elsewhere", build: () => undefined })).toBe(true);
    for (const other of [null, undefined, 1, "flow", {}, { name: "a" }, { build: () => 1 }, () => 1, []]) {
      expect(isFlow(other)).toBe(false);
    }
  });
});
