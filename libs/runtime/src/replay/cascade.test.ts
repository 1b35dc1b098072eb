import { ok } from "neverthrow";
import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow } from "@refold/testkit";

import { Outside } from "../../test/outside.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow, type FlowBuilder } from "../authoring/flow.ts";
import { groupBy } from "../authoring/group-by.ts";
import { poll } from "../authoring/poll.ts";
import { onEnd, within } from "../authoring/schedule.ts";
import { reject } from "../authoring/rejection.ts";
import type { ReplayReport } from "./replay-report.ts";
import type { StageReach } from "./stage-reach.ts";

/** What handlers were called with, by stage. */
type Calls = Map<string, unknown[]>;
type Called = <T>(stage: string, input: T) => T;
type Build = (f: FlowBuilder, called: Called, change: (n: number) => readonly number[]) => void;

const AS_RECORDED = (n: number): readonly number[] => [n];

/** A flow whose stage `changed` gives what `change` says, and which notes every call. */
function noting(build: Build, calls: Calls, change = AS_RECORDED, stepInputs = 2): Flow {
  const called: Called = (stage, input) => {
    calls.set(stage, [...(calls.get(stage) ?? []), structuredClone(input)]);
    return input;
  };
  return flow("noted", (f) => build(f, called, change), {
    configuration: { flow: { "stage.stepInputs": stepInputs } },
  });
}

interface Followed {
  readonly report: ReplayReport;
  readonly cascade: readonly StageReach[];
  /** What handlers are called with when the divergence is followed, and what in a run of the changed flow. */
  readonly followed: Calls;
  readonly run: Calls;
}

/** Records a run, changes the code, and follows what that leads to. */
async function follow(build: Build, change: (n: number) => readonly number[], stepInputs = 2): Promise<Followed> {
  const store = memoryStore();
  const recorded: Calls = new Map();
  await runFlow(noting(build, recorded, AS_RECORDED, stepInputs), { store });
  const plain: Calls = new Map();
  const both: Calls = new Map();
  const run: Calls = new Map();
  await replayFlow(noting(build, plain, change), { store, into: 2 });
  const { report } = await replayFlow(noting(build, both, change), { store, into: 3, cascade: true });
  await runFlow(noting(build, run, change, stepInputs), { store: memoryStore() });
  // The plain replay comes first, each stage by what is on record.
  const followed = new Map([...both].map(([stage, inputs]) => [stage, inputs.slice(plain.get(stage)?.length ?? 0)]));
  return { report, cascade: report.cascade ?? [], followed, run };
}

const summary = (cascade: readonly StageReach[]): readonly string[] =>
  cascade.map(({ stage, verdict, inputs, outputs }) => {
    const text = ({ changed, missing, extra }: StageReach["inputs"]): string => `${changed}/${missing}/${extra}`;
    return `${stage} ${verdict} ${text(inputs)} ${text(outputs)}`;
  });

/** numbers → changed → tenfold → even → sum by parity → out; and beside it an untouched branch. */
const chain: Build = (f, called, change) => {
  const numbers = f.source("numbers", [1, 2, 3, 4, 5, 6]);
  numbers
    .flatMap("changed", (n) => change(called("changed", n)))
    .map("tenfold", (n) => called("tenfold", n) * 10)
    .filter("large", (n) => called("large", n) > 10)
    .stateful(
      "by-parity",
      groupBy({
        key: (n) => (called("by-parity", n) % 20 === 0 ? "even" : "odd"),
        initial: () => 0,
        fold: (sum, n) => sum + n,
        emit: onEnd(),
      }),
    )
    .sink("out", () => undefined);
  numbers.map("beside", (n) => called("beside", n) + 1).sink("beside-out", () => undefined);
};

describe("a divergence that is followed", () => {
  it("is none where nothing diverged", async () => {
    const { report, followed } = await follow(chain, AS_RECORDED);
    expect(report).toMatchObject({ verdict: "matched" });
    expect(report).not.toHaveProperty("cascade");
    expect([...followed.values()].flat()).toEqual([]);
  });

  it("has the stages after it take what is computed now, and shows how far it reaches", async () => {
    const { report, cascade, followed, run } = await follow(chain, (n) => [n === 3 ? 30 : n]);
    // The verdict is that of each stage by its recorded inputs.
    expect(report.stages.filter(({ diverged }) => diverged > 0).map(({ stage }) => stage)).toEqual(["changed"]);
    expect(summary(cascade)).toEqual([
      "changed changed 0/0/0 1/0/0",
      "tenfold changed 1/0/0 1/0/0",
      "large changed 1/0/0 1/0/0",
      // 300 is even, where 30 was odd.
      "by-parity changed 1/0/0 2/0/0",
      "out changed 2/0/0 0/0/0",
      "beside unchanged 0/0/0 0/0/0",
      "beside-out unchanged 0/0/0 0/0/0",
    ]);
    expect(cascade[1]?.first).toMatchObject({
      kind: "changed",
      causes: [expect.stringMatching(/^changed:\d+$/) as string],
      recorded: 30,
      recomputed: 300,
      differences: [{ path: "$", recorded: "30", recomputed: "300" }],
    });
    expect(followed.get("beside")).toEqual([]);
    for (const stage of ["changed", "tenfold", "large", "by-parity"]) {
      expect(followed.get(stage), stage).toEqual(run.get(stage));
    }
  });

  it.each([1, 2, 100])(
    "leaves out what is lost and takes what is more where it arises, %d inputs a step",
    async (step) => {
      const changes: readonly ((n: number) => readonly number[])[] = [
        (n) => (n === 3 ? [] : [n]),
        (n) => (n === 3 ? [3, 33, 34] : [n]),
        (n) => (n === 1 ? [] : n === 6 ? [6, 7] : [n]),
        (n) => (n % 2 === 0 ? [] : [n, -n]),
        () => [],
        (n) => [n, n, n],
      ];
      for (const change of changes) {
        const { cascade, followed, run } = await follow(chain, change, step);
        expect(cascade.map(({ verdict }) => verdict)).not.toContain("not-followed");
        for (const stage of ["changed", "tenfold", "large", "by-parity"]) {
          expect(followed.get(stage) ?? [], stage).toEqual(run.get(stage) ?? []);
        }
      }
    },
  );

  it("counts what is lost and what is more", async () => {
    const { cascade } = await follow(chain, (n) => (n === 3 ? [] : n === 5 ? [5, 50] : [n]));
    expect(summary(cascade).slice(0, 4)).toEqual([
      "changed changed 0/0/0 0/1/1",
      "tenfold changed 0/1/1 0/1/1",
      "large changed 0/1/1 0/1/1",
      "by-parity changed 0/1/1 2/0/0",
    ]);
  });

  it("goes through joins, merges, error lanes and what is handed on, in the order on record", async () => {
    const shapes: Build = (f, called, change) => {
      const changed = f.source("numbers", [1, 2, 3, 4, 5, 6]).flatMap("changed", (n) => change(called("changed", n)));
      const tried = changed.tryMap("tried", (n) =>
        called("tried", n) === 40 ? reject("validation", "forty") : ok({ n }),
      );
      tried.map("kept", (item) => called("kept", item)).sink("kept-out", () => undefined);
      tried.errors.map("why", ({ message }) => called("why", message)).sink("why-out", () => undefined);
      const names = f.source(
        "names",
        [1, 2, 3, 4, 40].map((n) => ({ n, name: `name ${n}` })),
      );
      tried
        .join("named", names, {
          key: ({ n }) => n,
          on: ({ n }) => n,
          combine: ({ n }, { name }) => called("named", { n, name }),
        })
        .sink("named-out", () => undefined);
      f.merge(changed, f.source("others", [100, 200]))
        .map("merged", (n) => called("merged", n))
        .sink("merged-out", () => undefined);
    };
    const { cascade, followed, run } = await follow(shapes, (n) => (n === 4 ? [40] : n === 2 ? [2, 3] : [n]), 1);
    expect(cascade.map(({ verdict }) => verdict)).not.toContain("not-followed");
    for (const stage of ["changed", "tried", "kept", "why", "named"]) {
      expect(followed.get(stage), stage).toEqual(run.get(stage));
    }
    // The order of a merge is that on record, where a run may take another.
    const sorted = (calls: Calls): unknown[] => [...(calls.get("merged") as number[])].sort((a, b) => a - b);
    expect(sorted(followed)).toEqual(sorted(run));
    expect(cascade.find(({ stage }) => stage === "why-out")).toMatchObject({ inputs: { extra: 1 } });
  });
});

describe("a divergence that cannot be followed", () => {
  it("ends where a handler throws, with the input, and what comes after that is not guessed", async () => {
    const strict: Build = (f, called, change) => {
      f.source("numbers", [1, 2, 3])
        .flatMap("changed", (n) => change(called("changed", n)))
        .map("strict", (n) => {
          if (called("strict", n) < 0) throw new RangeError("below 0");
          return n;
        })
        .map("after", (n) => called("after", n))
        .sink("out", () => undefined);
    };
    const { cascade, followed } = await follow(strict, (n) => [n === 2 ? -2 : n]);
    expect(summary(cascade)).toEqual([
      "changed changed 0/0/0 1/0/0",
      "strict fails 1/0/0 0/0/0",
      "after not-followed 0/0/0 0/0/0",
      "out not-followed 0/0/0 0/0/0",
    ]);
    expect(cascade[1]?.why).toMatch(/^at changed:\d+, its handler throws RangeError: below 0$/);
    expect(cascade[2]?.why).toBe("what strict would have given is not known");
    expect(followed.get("after")).toEqual([]);
  });

  const asking =
    (outside: Outside): Build =>
    (f, called, change) => {
      f.source("numbers", [1, 2, 3])
        .flatMap("changed", (n) => change(called("changed", n)))
        .effectful("asked", {
          effects: { act: effect({ name: "act", safety: "keyed", run: outside.act }) },
          handle: async (n, { effects }) => ({
            n,
            ...(await effects.act(called("asked", n) % 10)).unwrapOr({ acted: 0 }),
          }),
        })
        .map("after", ({ n }) => called("after", n))
        .sink("out", () => undefined);
    };

  it("goes through calls of the outside that are as on record, and ends at another one, without calling", async () => {
    for (const [change, verdicts] of [
      [(n: number) => [n === 2 ? 12 : n], ["changed", "changed", "changed", "changed"]],
      [(n: number) => (n === 2 ? [] : [n]), ["changed", "changed", "changed", "changed"]],
      [(n: number) => [n === 2 ? 13 : n], ["changed", "not-followed", "not-followed", "not-followed"]],
      [(n: number) => (n === 2 ? [2, 2] : [n]), ["changed", "not-followed", "not-followed", "not-followed"]],
    ] as const) {
      const store = memoryStore();
      await runFlow(noting(asking(new Outside()), new Map()), { store });
      const outside = new Outside();
      const { report } = await replayFlow(noting(asking(outside), new Map(), change), { store, cascade: true });
      expect(report.cascade?.map(({ verdict }) => verdict)).toEqual(verdicts);
      expect(outside.calls).toEqual([]);
    }
  });

  it("ends at a stage whose timer would be due at another time", async () => {
    const timed = (change: (n: number) => readonly number[]): Flow =>
      flow("timed", (f) =>
        f
          .source(
            "numbers",
            poll(() => ({ items: [1], againMs: 100, done: false })),
          )
          .flatMap("changed", (n) => change(n))
          .stateful("summed", {
            initial: () => 0,
            fold: (sum, n) => sum + n,
            project: (sum) => [sum],
            emit: within(250),
          })
          .sink("out", () => undefined),
      );
    const store = memoryStore();
    const run = await FlowRun.open(timed(AS_RECORDED), { store });
    const ended = run.run();
    await run.untilMetrics(({ stages }) => (stages.find(({ stage }) => stage === "out")?.in ?? 0) > 1);
    run.handle.stop("enough");
    await ended;
    // Without its first inputs the stage would set its timer later.
    let calls = 0;
    const late = await replayFlow(
      timed((n) => (calls++ % 2 === 0 ? [] : [n])),
      { store, cascade: true },
    );
    expect(late.report.cascade?.map(({ verdict }) => verdict)).toEqual(["changed", "not-followed", "not-followed"]);
    expect(late.report.cascade?.[1]?.why).toMatch(/^its timer would (?:be due at another time than|have been due)/);
    const other = await replayFlow(
      timed((n) => [n + 1]),
      { store, cascade: true, into: 3 },
    );
    expect(other.report.cascade?.map(({ verdict }) => verdict)).toEqual(["changed", "changed", "changed"]);
  });

  it("goes no further than the replay went", async () => {
    const store = memoryStore();
    const { recorded } = await runFlow(noting(chain, new Map(), AS_RECORDED, 1), { store });
    const changed = recorded.records("changed").flatMap(({ kind }, seq) => (kind === "data" ? [`changed:${seq}`] : []));
    const { report } = await replayFlow(
      noting(chain, new Map(), (n) => [-n]),
      {
        store,
        cascade: true,
        until: changed[1] as string,
      },
    );
    expect(report.cascade?.[0]).toMatchObject({ stage: "changed", outputs: { changed: 2 } });
  });

  it("says so of every stage of a cycle, and of what comes after it", async () => {
    const circle: Build = (f, called, change) => {
      const again = f.feedback<number>();
      const changed = f.source("numbers", [1, 2, 3]).flatMap("changed", (n) => change(called("changed", n)));
      const entered = f.merge(changed, again).map("entry", (n) => n);
      const low = entered.filter("low", (n) => n < 10).map("more", (n) => n * 4);
      again.connect(low);
      entered.filter("high", (n) => n >= 10).sink("out", () => undefined);
    };
    const { cascade } = await follow(circle, (n) => [n + 1]);
    expect(cascade.map(({ stage, verdict }) => `${stage} ${verdict}`)).toEqual([
      "changed changed",
      "entry not-followed",
      "low not-followed",
      "more not-followed",
      "high not-followed",
      "out not-followed",
    ]);
  });
});
