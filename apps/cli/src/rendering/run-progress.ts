import type { FlowHandle, PipelineState } from "@refold/runtime";

import { countText } from "./table.ts";
import { durationText } from "./time-text.ts";

const SHOWN_STAGES = 12;

/** Where a run stands, in a few lines: records in and out of each stage. */
export function runProgressLines(
  handle: Pick<FlowHandle, "flowName" | "state" | "stages">,
  elapsedMs: number,
): readonly string[] {
  const stages = handle.stages();
  const shown = stages.slice(0, SHOWN_STAGES);
  const width = Math.max(...shown.map(({ stage }) => stage.length), 0);
  const lines = shown.map(
    ({ stage, state, in: taken, out }) =>
      `  ${stage.padEnd(width)}  ${countText(taken).padStart(11)} in  ${countText(out).padStart(11)} out  ${state}`,
  );
  const more = stages.length > SHOWN_STAGES ? [`  and ${stages.length - SHOWN_STAGES} more stages`] : [];
  return [`${handle.flowName}: ${stateText(handle.state)}, ${durationText(elapsedMs)}`, ...lines, ...more];
}

function stateText(state: PipelineState): string {
  if ("stop" in state && state.stop !== undefined) return `${state.kind}, ${state.stop.reason}`;
  return state.kind === "running" && state.paused ? "paused" : state.kind;
}
