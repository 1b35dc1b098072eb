import type { RunReport } from "../run-report.ts";
import type { PipelineState } from "./pipeline-machine.ts";

/** How a run ended, apart from what became of its log. */
export type Outcome = Pick<RunReport, "status" | "reason" | "fault">;

/** What the last state of the pipeline amounts to. */
export function outcomeOf(state: PipelineState): Outcome {
  switch (state.kind) {
    case "drained":
      return { status: "completed", reason: undefined, fault: undefined };
    case "cancelled":
      return { status: "cancelled", reason: state.reason, fault: undefined };
    case "failed":
      return { status: "failed", reason: state.fault.message, fault: state.fault };
    case "created":
    case "materializing":
    case "materialized":
    case "ready":
    case "running":
    case "source-completed":
    case "draining":
      return { status: "failed", reason: `the supervisor stopped in state ${state.kind}`, fault: undefined };
  }
}
