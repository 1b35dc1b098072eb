import { expect, it } from "vitest";

import type { LogRecord } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { replayFlow, runFlow } from "@refold/testkit";

import { Outside } from "../../test/outside.ts";
import { rewrite } from "../../test/rewrite.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";

const acting = (outside: Outside, version = 1): Flow =>
  flow(
    "acting",
    (f) => {
      const act = effect({ name: "act", version, safety: "keyed", run: outside.act });
      f.source("amounts", [1, 2, 3])
        .effectful("acted", {
          effects: { act },
          handle: async (amount, { effects }) => (await effects.act(amount)).unwrapOr({ acted: 0 }),
        })
        .sink("out", () => undefined);
    },
    { configuration: { flow: { "stage.stepInputs": 1 } } },
  );

type Settled = Extract<LogRecord, { kind: "effect-settled" }>;
type Started = Extract<LogRecord, { kind: "effect-started" }>;

/** Leaves the numbers of the records behind it as they are. */
const GONE: readonly LogRecord[] = [{ kind: "cursor", cursor: "gone" }];

const tampers: readonly (readonly [
  what: string,
  tamper: (record: Started | Settled) => readonly LogRecord[],
  told: (started: number, settled: number) => RegExp,
])[] = [
  [
    "an outcome that is gone",
    (record) => (record.kind === "effect-settled" ? GONE : [record]),
    (call) => new RegExp(`^CallDiverged: call 0, of "act", was begun at acted:${call} and has no outcome on record$`),
  ],
  [
    "a beginning that is gone",
    (record) => (record.kind === "effect-started" ? GONE : [record]),
    (_, settled) =>
      new RegExp(`^CallDiverged: "act" has an outcome on record, at acted:${settled}, but not that it was called$`),
  ],
  ["both gone", () => GONE, () => /^CallDiverged: call 0, of "act", is not on record$/],
  [
    "another input",
    (record) => [record.kind === "effect-started" ? { ...record, input: 20 } : record],
    (call) => new RegExp(`"act" is called with another input: \\$ is 2, but on record it is 20, at acted:${call}$`),
  ],
  [
    "another version",
    (record) => [record.kind === "effect-started" ? { ...record, version: 7 } : record],
    (call) => new RegExp(`"act" is called in version 1, but on record it is of version 7, at acted:${call}$`),
  ],
  [
    "another effect",
    (record) => [{ ...record, effect: "other" }],
    (call) => new RegExp(`call 0 is of "act", but on record it is of "other", at acted:${call}$`),
  ],
  [
    "an outcome of another effect",
    (record) => [record.kind === "effect-settled" ? { ...record, effect: "other" } : record],
    (call) => new RegExp(`the call of "act" at acted:${call} has on record an outcome of "other"$`),
  ],
  [
    "another outcome",
    (record) => [record.kind === "effect-settled" ? { ...record, value: { acted: 20 } } : record],
    () => /^\{ acted: 20 \}$/,
  ],
];

it.each(tampers)("names the place of %s, blames that input alone, and calls nothing", async (_, tamper, told) => {
  const store = memoryStore();
  const { recorded } = await runFlow(acting(new Outside()), { store });
  const placed = (kind: LogRecord["kind"]): readonly number[] =>
    recorded.records("acted").flatMap((record, seq) => (record.kind === kind ? [seq] : []));
  const [, call = 0] = placed("effect-started");
  const [, settled = 0] = placed("effect-settled");
  const { cause } = recorded.records("acted")[call] as Started;
  const [input] = typeof cause === "object" ? cause : [];
  let edited = 0;
  await rewrite(store, recorded, 7, ({ records }) =>
    records.flatMap((record) => {
      if (record.kind !== "effect-started" && record.kind !== "effect-settled") return [record];
      const [of] = typeof record.cause === "object" ? record.cause : [];
      if (of?.first !== input?.first) return [record];
      edited++;
      return tamper(record);
    }),
  );
  expect(edited).toBe(2);
  const outside = new Outside();
  const { report } = await replayFlow(acting(outside), { store, number: 7 });
  expect(report.verdict).toBe("diverged");
  expect(report.first).toMatchObject({ stage: "acted", causes: [`amounts:${input?.first}`] });
  const { recomputed } = report.first ?? {};
  const text = typeof recomputed === "string" ? recomputed : `{ acted: ${(recomputed as { acted: number }).acted} }`;
  expect(text).toMatch(told(call, settled));
  expect(report.stages.find(({ stage }) => stage === "acted")?.matched).toBe(2);
  expect(outside.calls).toEqual([]);
});

it("names the first of the places where a record is cut out, and those behind it no longer fit their readers", async () => {
  const store = memoryStore();
  const { recorded } = await runFlow(acting(new Outside()), { store });
  await rewrite(store, recorded, 7, ({ records }) => records.filter(({ kind }) => kind !== "effect-settled"));
  const refused = await replayFlow(acting(new Outside()), { store, number: 7 }).catch((cause: unknown) => cause);
  expect((refused as Error).cause).toMatchObject({
    kind: "malformed-record",
    detail: expect.stringMatching(
      /^in lane out, .*; before it, acted:\d+ is not computed as it was recorded$/,
    ) as string,
  });
});
