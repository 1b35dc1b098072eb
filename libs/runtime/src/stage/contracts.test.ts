import { describe, expect, it } from "vitest";

import type { LaneId, LaneSeq, Position, TypeId } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { Edge } from "../edge/edge.ts";
import { InputSet } from "../edge/input-set.ts";
import { ALL_OUTPUTS } from "../edge/record-view.ts";
import { Wake } from "../supervision/wake.ts";
import { contract } from "./contract-record.ts";
import { inputContracts, violation } from "./input-contracts.ts";
import type { StageContext } from "./stage-context.ts";

type Mode = "abort" | "warn" | "off";

const declared = (expected: number, items: number): Flow =>
  flow("declared", (f) => {
    const numbers = f.source("numbers", Array<number>(items).fill(1), { expected });
    numbers.map("doubled", (n) => 2 * n).sink("out", () => undefined);
    f.merge(numbers, f.source("others", [1, 2])).sink("both", () => undefined);
  });

describe("contracts on record", () => {
  it("say of each edge what was advertised and read, at its reader, and of each sink that all was delivered", async () => {
    const run = await FlowRun.open(declared(3, 3), { store: memoryStore() });
    expect((await run.run()).status).toBe("completed");
    const recorded = await run.recorded();
    const evidence = (stage: string): unknown =>
      recorded.recordsOf(stage, "contract").map((r) => [r.contract, r.upstream, r.verdict, r.advertised, r.read]);
    const lane = (stage: string): number => recorded.manifest.lanes.indexOf(stage);
    expect(evidence("numbers")).toEqual([["source", lane("numbers"), "held", 3, 3]]);
    expect(evidence("doubled")).toEqual([["transport", lane("numbers"), "held", 3, 3]]);
    expect(evidence("out")).toEqual([
      ["transport", lane("doubled"), "held", 3, 3],
      ["delivery", lane("doubled"), "held", 3, 3],
    ]);
    expect(evidence("both")).toEqual([
      ["transport", lane("numbers"), "held", 3, 3],
      ["transport", lane("others"), "held", 2, 2],
      ["delivery", lane("numbers"), "held", 3, 3],
      ["delivery", lane("others"), "held", 2, 2],
    ]);
    expect(run.handle.contracts()).toEqual([
      { from: "numbers", to: "doubled", verdicts: { source: "held", transport: "held" } },
      { from: "doubled", to: "out", verdicts: { transport: "held", delivery: "held" } },
      { from: "numbers", to: "both", verdicts: { source: "held", transport: "held", delivery: "held" } },
      { from: "others", to: "both", verdicts: { transport: "held", delivery: "held" } },
    ]);
  });

  it("are left out where they are off", async () => {
    const off = { "contracts.transport": "off", "contracts.delivery": "off", "contracts.source": "off" } as const;
    const run = await FlowRun.open(declared(9, 3), { store: memoryStore(), configuration: { flow: off } });
    expect((await run.run()).status).toBe("completed");
    const recorded = await run.recorded();
    for (const lane of recorded.manifest.lanes) expect(recorded.recordsOf(lane, "contract")).toEqual([]);
    expect(run.handle.contracts().map(({ verdicts }) => verdicts)).toEqual([{}, {}, {}, {}]);
  });
});

describe("a source that gives another number of items than it declared", () => {
  for (const items of [2, 4]) {
    it(`fails the run, which names it and both numbers: ${items} of 3`, async () => {
      const store = memoryStore();
      const run = await FlowRun.open(declared(3, items), { store });
      const report = await run.run();
      expect(report).toMatchObject({
        status: "failed",
        reason: `the source contract of numbers is violated: 3 records were advertised, ${items} were read`,
        fault: { code: "contract-violated", stage: "numbers" },
      });
      const recorded = await run.recorded();
      checkRecord(recorded, run.definition);
      expect(recorded.recordsOf("numbers", "end")).toMatchObject([{ end: "poison", counts: [{ count: items }] }]);
      expect(recorded.recordsOf("numbers", "contract")).toMatchObject([
        { contract: "source", verdict: "violated", advertised: 3, read: items },
      ]);
      expect((await replayFlow(declared(3, items), { store })).report.verdict).toBe("matched");
    });
  }

  it("is only put on record where that is to be a warning, on any one of its edges to be strict", async () => {
    const warn = { "contracts.source": "warn" } as const;
    const run = await FlowRun.open(declared(3, 2), { store: memoryStore(), configuration: { flow: warn } });
    expect((await run.run()).status).toBe("completed");
    expect((await run.recorded()).recordsOf("numbers", "contract")).toMatchObject([{ verdict: "violated" }]);
    expect(run.handle.contracts()[0]?.verdicts).toMatchObject({ source: "violated", transport: "held" });
    const strict = await FlowRun.open(declared(3, 2), {
      store: memoryStore(),
      configuration: { flow: warn, edges: { "numbers->both": { "contracts.source": "abort" } } },
    });
    expect((await strict.run()).fault?.code).toBe("contract-violated");
  });

  it("is not judged when it was cut short", async () => {
    const run = await FlowRun.open(
      flow("endless", (f) =>
        f
          .source(
            "numbers",
            async function* () {
              yield 1;
              await new Promise(() => undefined);
            },
            { expected: 3 },
          )
          .sink("out", () => undefined),
      ),
      { store: memoryStore() },
    );
    const ended = run.run();
    await run.clock.idle();
    expect(await run.handle.shutdown()).toBe(await ended);
    expect(await ended).toMatchObject({ status: "cancelled" });
    expect((await run.recorded()).recordsOf("numbers", "contract")).toEqual([]);
  });
});

describe("the transport contract", () => {
  /** A reader of one edge that advertised so many records and gave two. */
  const reader = (mode: Mode, advertised: number): { readonly context: StageContext; readonly inputs: InputSet } => {
    const lane = 1 as LaneId;
    const edge = new Edge({
      from: lane,
      to: 2 as LaneId,
      takes: ALL_OUTPUTS,
      role: "stream",
      producer: new Wake(),
      consumer: new Wake(),
      flowControl: { mode: "enforce", windowRecords: 9, windowBytes: 999, stallTimeoutMs: "never" },
      clock: new ManualClock(),
    });
    const data = {
      kind: "data",
      type: 0 as TypeId,
      cause: undefined,
      originLane: lane,
      originSeq: 0 as LaneSeq,
    } as const;
    const end = { kind: "end", end: "natural", counts: [{ type: 0 as TypeId, count: advertised }] } as const;
    const records = [{ ...data, payload: 1 }, { ...data, payload: 2 }, end];
    edge.offer({ lane, timeMs: 0, firstSeq: 0 as LaneSeq, records, position: 1 as Position, bytes: 9 });
    const inputs = new InputSet([edge]);
    inputs.take(10, () => true);
    const context: Partial<StageContext> = {
      name: "out",
      contractMode: () => mode,
      laneName: () => "numbers",
      schemas: { contracts: () => [] } as unknown as StageContext["schemas"],
    };
    // Contracts ask no more of their stage than this.
    return { context: context as StageContext, inputs };
  };

  for (const advertised of [1, 3]) {
    it(`is violated when ${advertised} were advertised and 2 read, and the failure names the edge and both`, () => {
      const { context, inputs } = reader("abort", advertised);
      const records = inputContracts(context, inputs);
      expect(records).toEqual([contract("transport", 1 as LaneId, advertised, 2)]);
      expect(records[0]?.verdict).toBe("violated");
      expect(violation(context, records)?.fault).toEqual({
        code: "contract-violated",
        stage: "out",
        message: `the transport contract of numbers -> out is violated: ${advertised} records were advertised, 2 were read`,
      });
    });
  }

  it("holds for what was read once, and only warns or is silent where that is set", () => {
    const held = reader("abort", 2);
    expect(violation(held.context, inputContracts(held.context, held.inputs))).toBeUndefined();
    const warned = reader("warn", 3);
    const records = inputContracts(warned.context, warned.inputs);
    expect(records).toMatchObject([{ verdict: "violated" }]);
    expect(violation(warned.context, records)).toBeUndefined();
    const silent = reader("off", 3);
    expect(inputContracts(silent.context, silent.inputs)).toEqual([]);
  });
});
