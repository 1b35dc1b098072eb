import type { SealRecord } from "@refold/core";

import type { StageFault } from "../stage/stage-fault.ts";
import type { LaneReplay } from "./lane-replay.ts";

/** How a run ended, by what its machines have come to: the pipeline's, and for a run that is complete, every stage's. */
export function sealedOutcome([system, ...stages]: readonly LaneReplay[]): Partial<
  Pick<SealRecord, "status" | "reason">
> {
  const state = system?.stateOf("pipeline") as
    { readonly kind: string; readonly reason?: string; readonly fault?: StageFault } | undefined;
  switch (state?.kind ?? "created") {
    case "drained": {
      const open = stages.find((stage) => stage.stateOf(stage.name)?.kind !== "drained");
      if (open === undefined) return { status: "completed", reason: undefined };
      return { status: "failed", reason: `stage ${open.name} has not come to its end` };
    }
    case "cancelled":
      return { status: "cancelled", reason: state?.reason };
    case "failed":
      return { status: "failed", reason: state?.fault?.message };
    default:
      // Its reason tells of more than is on record.
      return { status: "failed" };
  }
}
