import type { PipelineState, StageReport } from "@refold/runtime";
import { expect, it } from "vitest";

import { runProgressLines } from "./run-progress.ts";

const stages = { sources: ["items"], others: ["out"] };

function lines(state: PipelineState, reports: readonly StageReport[] = []): readonly string[] {
  return runProgressLines({ flowName: "orders", state, stages: () => reports }, 2500);
}

it("says that a run is paused, or why it is about to end", () => {
  expect(lines({ kind: "running", paused: false, stages, stop: undefined })).toEqual(["orders: running, 2.50 s"]);
  expect(lines({ kind: "running", paused: true, stages, stop: undefined })).toEqual(["orders: paused, 2.50 s"]);
  const stop = { reason: "stopped by SIGINT", deadlineMs: 0 };
  expect(lines({ kind: "draining", stages, stop })).toEqual(["orders: draining, stopped by SIGINT, 2.50 s"]);
});

it("shows twelve stages, and how many there are besides", () => {
  const reports = Array.from({ length: 15 }, (_, index) => ({
    stage: `s${index}`,
    state: "running",
    in: 1000,
    out: 1,
    rejected: 0,
  }));
  const shown = lines({ kind: "created" }, reports);
  expect(shown).toHaveLength(14);
  expect(shown[1]).toBe("  s0         1,000 in            1 out  running");
  expect(shown.at(-1)).toBe("  and 3 more stages");
});
