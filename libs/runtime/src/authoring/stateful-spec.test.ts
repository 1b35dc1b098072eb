import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { replayFlow, runFlow } from "@refold/testkit";

import { flow } from "./flow.ts";
import { groupBy } from "./group-by.ts";
import { everyN } from "./schedule.ts";
import { tumbling } from "./window-kinds.ts";

interface Count {
  n: number;
}

const count = (counted: Count): Count => {
  counted.n++;
  return counted;
};

const numbers = Array.from({ length: 1_000 }, (_, n) => n);

describe("what is emitted of a state that is changed in place", () => {
  it("stays as it was emitted, on record, for its readers and in a replay", async () => {
    const store = memoryStore();
    const counting = flow("counting", (f) => {
      f.source("numbers", numbers)
        .stateful(
          "counts",
          groupBy({ key: () => "all", initial: (): Count => ({ n: 0 }), fold: count, emit: everyN(100) }),
        )
        .map("read", ({ value }) => value.n)
        .sink("out", () => undefined);
    });
    const { recorded } = await runFlow(counting, { store });
    expect(recorded.payloads("read")).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(recorded.payloads("counts").at(0)).toEqual({ key: "all", value: { n: 100 } });
    expect((await replayFlow(counting, { store })).report.verdict).toBe("matched");
  });

  it("stays so where late inputs come for a window that is kept", async () => {
    const windows = flow("windows", (f) => {
      f.source("times", [1, 20, 2, 40, 3])
        .window("counts", {
          over: tumbling(10),
          time: (time) => time,
          initial: (): Count => ({ n: 0 }),
          fold: count,
          allowedLatenessMs: 50,
          project: ({ start, value, revision }) => ({ start, value, revision }),
        })
        .sink("out", () => undefined);
    });
    const { recorded } = await runFlow(windows, { store: memoryStore() });
    const first = recorded.payloads("counts").filter((given) => (given as { readonly start: number }).start === 0);
    expect(first).toEqual([1, 2, 3].map((n, revision) => ({ start: 0, value: { n }, revision })));
  });
});
