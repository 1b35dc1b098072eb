import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeValues, encodeValues, type LaneId, type LaneSeq } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { cuts } from "../../test/random-flow.ts";
import type { InputDefinition } from "../definition/flow-definition.ts";
import type { ProgramContext, StageProgram } from "../step/stage-program.ts";
import type { TracedOutput } from "../step/traced-output.ts";
import { flow, type Flow } from "./flow.ts";
import type { JoinKey, JoinKind, JoinMatches, JoinRead, JoinSettings } from "./join.ts";
import { joinProgram } from "./join-program.ts";

interface Item {
  readonly key: JoinKey;
  readonly id: number;
}

const KINDS = ["inner", "left", "strict"] as const;
const READS = ["first", "live"] as const;
const MATCHES = ["latest", "each"] as const;

/** Both sides, in the order in which they are taken. */
type Taken = readonly { readonly side: "stream" | "reference"; readonly item: Item }[];
type Pair = readonly [stream: number, reference: number | undefined];

/** What a join comes to, by plain loops; a strict join up to its first miss. */
function expected(taken: Taken, kind: JoinKind, matches: JoinMatches): { pairs: readonly Pair[]; missed: boolean } {
  const references: Item[] = [];
  const pairs: Pair[] = [];
  for (const { side, item } of taken) {
    if (side === "reference") {
      references.push(item);
      continue;
    }
    // `includes` tells values apart as the keys of a Map are.
    const found = references.filter(({ key }) => [key].includes(item.key)).slice(matches === "latest" ? -1 : 0);
    if (found.length === 0 && kind === "strict") return { pairs, missed: true };
    if (found.length === 0 && kind === "left") pairs.push([item.id, undefined]);
    for (const reference of found) pairs.push([item.id, reference.id]);
  }
  return { pairs, missed: false };
}

const joined = (stream: readonly Item[], references: readonly Item[], settings: JoinSettings<JoinKind>): Flow =>
  flow("joined", (f) => {
    f.source("stream", stream)
      .join("join", f.source("references", references), {
        ...settings,
        key: ({ key }) => key,
        on: ({ key }) => key,
        combine: ({ id }, met): Pair => [id, met?.id],
      })
      .sink("out", () => undefined);
  });

/** The merge order of a join that is on record. */
function takenBy(recorded: RecordedRun): Taken {
  const { lanes } = recorded.manifest;
  return recorded.recordsOf("join", "consumed").flatMap(({ spans }) =>
    spans.flatMap(({ lane, first, last }) =>
      recorded
        .records(lanes[lane] as string)
        .slice(first, last + 1)
        .flatMap((record) =>
          record.kind === "data"
            ? [
                {
                  side: lanes[lane] === "stream" ? ("stream" as const) : ("reference" as const),
                  item: record.payload as Item,
                },
              ]
            : [],
        ),
    ),
  );
}

const keys = fc.constantFrom<JoinKey[]>("a", "b", "1", 1, 0, -0, Number.NaN, null, undefined, 1n, true);
const items = fc.array(keys, { maxLength: 60 }).map((all) => all.map((key, id): Item => ({ key, id })));

describe("a join", () => {
  for (const kind of KINDS) {
    for (const read of READS) {
      for (const matches of MATCHES) {
        it(`that is ${kind}, reads ${read} and joins ${matches} comes to what plain loops do, and so does its replay`, async () => {
          await fc.assert(
            fc.asyncProperty(items, items, cuts, async (stream, references, configuration) => {
              const described = joined(stream, references, { kind, read, matches });
              const store = memoryStore();
              const run = await FlowRun.open(described, { store, configuration });
              const report = await run.run();
              const recorded = await run.recorded();
              checkRecord(recorded, run.definition);
              const inOrder: Taken = [
                ...references.map((item) => ({ side: "reference" as const, item })),
                ...stream.map((item) => ({ side: "stream" as const, item })),
              ];
              const { pairs, missed } = expected(read === "first" ? inOrder : takenBy(recorded), kind, matches);
              const failed = report.status === "failed";
              // A live join that misses has taken all that is on record but the record that it misses.
              expect(recorded.payloads("join")).toEqual(pairs);
              if (kind !== "strict") expect(report).toMatchObject({ status: "completed", fault: undefined });
              else if (read === "first") expect(failed).toBe(missed);
              if (failed) expect(report.fault).toMatchObject({ code: "join-missed", stage: "join" });
              expect((await replayFlow(described, { store })).report).toMatchObject({
                verdict: "matched",
                first: undefined,
              });
            }),
            { seed: 20_260_101, numRuns: 25 },
          );
        });
      }
    }
  }

  it("names the records of both sides as the causes of an output, whose origin is that of the stream's", async () => {
    const both = flow("both", (f) => {
      const numbers = f.source("references", [{ key: "a" }, { key: "b" }]);
      f.source("stream", ["b", "c"])
        .map("same", (key) => key)
        .join("join", numbers, {
          kind: "left",
          key: ({ key }) => key,
          on: (key) => key,
          combine: (key, met) => [key, met],
        })
        .sink("out", () => undefined);
    });
    const { recorded } = await runFlow(both, { store: memoryStore() });
    const { lanes } = recorded.manifest;
    const places = recorded.recordsOf("join", "data").map(({ cause, originLane, payload }) => ({
      payload,
      from: (cause as { lane: LaneId; first: LaneSeq; last: LaneSeq }[]).map(({ lane, first, last }) => {
        expect(first).toBe(last);
        return [lanes[lane], recorded.records(lanes[lane] as string)[first]];
      }),
      origin: lanes[originLane],
    }));
    expect(places).toMatchObject([
      {
        payload: ["b", { key: "b" }],
        from: [
          ["references", { payload: { key: "b" } }],
          ["same", { payload: "b" }],
        ],
        origin: "stream",
      },
      { payload: ["c", undefined], from: [["same", { payload: "c" }]], origin: "stream" },
    ]);
  });

  it("joins several references, also two that are one and the same stream, and misses when one of them does", async () => {
    const cities = [
      { code: "A", city: "Ayr" },
      { code: "B", city: "Bath" },
    ];
    const trips = [
      { by: 1, from: "A", to: "B" },
      { by: 1, from: "A", to: "A" },
      { by: 2, from: "A", to: "B" },
      { by: 1, from: "C", to: "B" },
    ];
    const described = (kind: "inner" | "left"): Flow =>
      flow("several", (f) => {
        const places = f.source("places", cities);
        const key = ({ code }: { readonly code: string }): string => code;
        f.source("trips", trips)
          .join(
            "join",
            {
              from: { from: places, key, on: (trip) => trip.from },
              to: { from: places, key, on: (trip) => trip.to },
              by: { from: f.source("trains", [{ id: 1, name: "train" }]), key: ({ id }) => id, on: (trip) => trip.by },
            },
            { kind, combine: (_, { from, to, by }) => [from?.city, to?.city, by?.name].join() },
          )
          .sink("out", () => undefined);
      });
    const inner = await runFlow(described("inner"), { store: memoryStore() });
    expect(inner.recorded.payloads("join")).toEqual(["Ayr,Bath,train", "Ayr,Ayr,train"]);
    // One place for each record, in the order of the lanes, however often it was met.
    expect(inner.recorded.recordsOf("join", "data").map(({ cause }) => (cause as readonly unknown[]).length)).toEqual([
      4, 3,
    ]);
    const left = await runFlow(described("left"), { store: memoryStore() });
    expect(left.recorded.payloads("join")).toEqual(["Ayr,Bath,train", "Ayr,Ayr,train", "Ayr,Bath,", ",Bath,train"]);
  });

  it("gives an output for each combination of several references that have more than one record", async () => {
    const described = flow("product", (f) => {
      const numbers = { from: f.source("numbers", [1, 2]), key: () => 0, on: () => 0 };
      const letters = { from: f.source("letters", ["a", "b"]), key: () => 0, on: () => 0 };
      f.source("stream", ["x"])
        .join(
          "join",
          { numbers, letters },
          { matches: "each", combine: (x, { numbers: n, letters: l }) => `${x}${n}${l}` },
        )
        .sink("out", () => undefined);
    });
    const { recorded } = await runFlow(described, { store: memoryStore() });
    expect(recorded.payloads("join")).toEqual(["x1a", "x1b", "x2a", "x2b"]);
  });

  it("reads a reference that is merged of two, and one that is empty", async () => {
    const described = flow("merged", (f) => {
      const merged = f.merge(f.source("first", [1, 2]), f.source("second", [3]));
      const stream = f.source("stream", [0, 1, 2, 3]);
      const by = { key: (n: number) => n, on: (n: number) => n };
      stream.join("join", merged, { ...by, combine: (_, n) => n }).sink("out", () => undefined);
      const none = f.source<number>("none", []);
      stream
        .join("empty", none, { ...by, kind: "left", combine: (n, met) => [n, met] })
        .sink("empty-out", () => undefined);
    });
    const { report, recorded } = await runFlow(described, { store: memoryStore() });
    expect(report.status).toBe("completed");
    expect(recorded.payloads("join")).toEqual([1, 2, 3]);
    expect(recorded.payloads("empty")).toEqual([0, 1, 2, 3].map((n) => [n, undefined]));
  });

  it("fails at the reference record that is beyond its limit, and counts no record that the latest replaces", async () => {
    const references = ["a", "b", "a", "b"].map((key, id) => ({ key, id }));
    const run = async (settings: JoinSettings<JoinKind>): Promise<unknown> => {
      const { report, recorded } = await runFlow(joined([{ key: "a", id: 0 }], references, settings), {
        store: memoryStore(),
      });
      return report.fault ?? recorded.payloads("join");
    };
    expect(await run({ maxReferences: 2 })).toEqual([[0, 2]]);
    expect(await run({ maxReferences: 3, matches: "each" })).toMatchObject({
      code: "handler-threw",
      input: "references:6",
      message: expect.stringContaining("3 reference records, which is its limit") as string,
    });
    expect(await run({ maxReferences: 4, matches: "each" })).toEqual([
      [0, 0],
      [0, 2],
    ]);
  });

  it("refuses an object as a key, on either side, rather than never to meet its like", async () => {
    const bad = { key: { a: 1 } as unknown as string, id: 0 };
    const good = { key: "a", id: 0 };
    for (const [stream, references, what] of [
      [[bad], [good], "`on`"],
      [[good], [bad], "`key`"],
    ] as const) {
      const { report } = await runFlow(joined(stream, references, {}), { store: memoryStore() });
      expect(report.fault).toMatchObject({ code: "handler-threw" });
      expect(report.fault?.message).toContain(`${what} gave { a: 1 }, which is no key`);
    }
  });
});

describe("the state of a join", () => {
  const inputs: readonly InputDefinition[] = [undefined, 0].map((reference, index) => ({
    from: (index + 1) as LaneId,
    takes: { types: undefined, errors: false },
    backward: false,
    reference,
  }));
  const ofKind = (kind: JoinKind, read: JoinRead, matches: JoinMatches): StageProgram =>
    joinProgram(
      {
        ...{ kind, read, matches, maxReferences: 1_000 },
        references: [{ name: undefined, input: 0, key: (r) => (r as Item).key, on: (s) => (s as Item).key }],
        combine: (s, [r]) => [(s as Item).id, (r as Item | undefined)?.id],
      },
      inputs,
    );
  const outputs = {
    emit: () => undefined,
    forward: () => undefined,
    reject: () => undefined,
    watermark: () => undefined,
  };

  /** Through the log and back. */
  function stored(state: unknown): unknown {
    return decodeValues(encodeValues([state], 1_000_000)._unsafeUnwrap())._unsafeUnwrap()[0];
  }

  it("can be stored, and taken up again at any point, and gives the same outputs", () => {
    const moves = fc.array(
      fc.oneof(fc.record({ side: fc.constantFrom(1, 2), key: keys }), fc.constant("cut short" as const)),
      {
        maxLength: 30,
      },
    );
    const settings = fc.tuple(fc.constantFrom("inner", "left"), fc.constantFrom(...READS), fc.constantFrom(...MATCHES));
    fc.assert(
      fc.property(moves, fc.nat(30), settings, (all, at, [kind, read, matches]) => {
        const play = (restart: boolean): readonly unknown[] => {
          let program = ofKind(kind, read, matches);
          const given: unknown[] = [];
          for (const [index, move] of all.entries()) {
            if (restart && index === at) {
              const state = stored(program.snapshot?.());
              program = ofKind(kind, read, matches);
              program.restore?.(state);
            }
            if (move === "cut short") {
              program.ended?.(2 as LaneId, outputs, "truncated");
              continue;
            }
            const context = { lane: move.side, seq: index, stage: "join", now: 0 } as unknown as ProgramContext;
            const rest = program.accept({ key: move.key, id: index }, context, outputs);
            for (let next = rest?.next(); next?.done === false; next = rest?.next())
              given.push({ ...(next.value as TracedOutput) });
          }
          return given;
        };
        expect(play(true)).toEqual(play(false));
      }),
    );
  });
});
