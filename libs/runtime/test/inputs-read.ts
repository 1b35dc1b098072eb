import type { DataRecord } from "@refold/core";
import type { RecordedRun } from "@refold/testkit";

import type { InputDefinition } from "../src/definition/flow-definition.ts";
import { recordView } from "../src/edge/record-view.ts";

/** What a stage had to read of one upstream lane, in order: data, and rejected inputs where it reads those. */
export function inputsRead(recorded: RecordedRun, { from, takes }: InputDefinition): readonly DataRecord[] {
  return recorded
    .records(recorded.manifest.lanes[from] as string)
    .map(recordView(takes))
    .filter((record): record is DataRecord => record?.kind === "data");
}
