import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { replayFlow, runFlow } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";

const observed = (seen: string[], fails = false): Flow =>
  flow("observed", (f) => {
    f.observe("audit", ({ stage, from, to }, { place }) => {
      seen.push(`${place} ${stage}: ${from} -> ${to}`);
      if (fails && to === "running") throw new Error("no more");
    });
    f.source("numbers", [1, 2]).sink("out", () => undefined);
  });

describe("an observer of the whole run", () => {
  it("sees every transition of the pipeline and its stages that is on record, in their order", async () => {
    const seen: string[] = [];
    const { recorded } = await runFlow(observed(seen), { store: memoryStore() });
    const moves = recorded.frames.flatMap(({ lane, firstSeq, records }) =>
      records.flatMap((record, index) =>
        record.kind === "transition" && record.machine !== "metrics"
          ? [`${recorded.manifest.lanes[lane]}:${firstSeq + index} ${record.machine}: ${record.from} -> ${record.to}`]
          : [],
      ),
    );
    expect(seen).toEqual(moves);
    expect(seen.at(-1)).toContain("pipeline: draining -> drained");
  });

  it("that throws sees nothing more, and changes nothing", async () => {
    const seen: string[] = [];
    const logged: string[] = [];
    const logger = {
      info: () => undefined,
      warn: () => undefined,
      debug: () => undefined,
      error: (text: string) => void logged.push(text),
    };
    const { report } = await runFlow(observed(seen, true), { store: memoryStore(), logger });
    expect(report.status).toBe("completed");
    expect(seen.at(-1)).toContain("-> running");
    expect(logged).toEqual(["observer audit is quarantined: Error: no more"]);
  });

  it("changes nothing even where the logger that is told throws", async () => {
    const fails = (): never => {
      throw new Error("no logger");
    };
    const { report } = await runFlow(observed([], true), {
      store: memoryStore(),
      logger: { warn: fails, error: fails },
    });
    expect(report.status).toBe("completed");
  });

  it("is silent in a replay", async () => {
    const seen: string[] = [];
    const store = memoryStore();
    await runFlow(observed([]), { store });
    expect((await replayFlow(observed(seen), { store })).report.verdict).toBe("matched");
    expect(seen).toEqual([]);
  });
});
