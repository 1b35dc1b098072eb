import { explainFault, type ReadFault } from "@refold/core";

import type { ReplayRunFault } from "./replay-options.ts";
import type { ReplayPartFault } from "./replay-part.ts";

/** What happened, where, and what to do. */
export function explainReplayFault(fault: ReplayRunFault): string {
  if (fault.kind === "flow-differs") {
    return [
      "The flow is not the one that was recorded, so its history cannot be run through it:",
      ...fault.differences.map((difference) => `  - ${difference}`),
      "Replay with the flow as it was, or with one that has the same stages, inputs and event types.",
    ].join("\n");
  }
  if (fault.kind === "upcast-failed") {
    return `Frame ${fault.lsn} holds a record of event type "${fault.type}" in version ${fault.from}, which cannot be brought to version ${fault.to}: ${fault.detail}.`;
  }
  if (fault.kind === "malformed-record") {
    return `Frame ${fault.lsn} is whole, but what it says makes no sense: ${fault.detail}. The log was written by other software, or edited.`;
  }
  return isPartFault(fault) ? explainPart(fault) : explainFault(fault);
}

type OwnPartFault = Exclude<ReplayPartFault, ReadFault>;

const PART_FAULTS: { readonly [K in OwnPartFault["kind"]]: true } = {
  "not-a-record": true,
  "no-such-frame": true,
  "no-such-stage": true,
  "no-such-record": true,
  "stage-not-computed": true,
  "nobody-takes": true,
};

function isPartFault(fault: ReplayRunFault): fault is OwnPartFault {
  return Object.hasOwn(PART_FAULTS, fault.kind);
}

function explainPart(fault: OwnPartFault): string {
  switch (fault.kind) {
    case "not-a-record":
      return `"${fault.text}" names no record. Give its place as stage:seq, such as orders:17; \`refold log\` shows the place of each.`;
    case "no-such-frame":
      return fault.frames === 0
        ? "The run has no frames."
        : `The run has no frame ${fault.lsn}: it has frames 0 to ${fault.frames - 1}.`;
    case "no-such-stage":
      return `The run has no stage "${fault.stage}".${fault.nearest === undefined ? "" : ` Did you mean "${fault.nearest}"?`}`;
    case "no-such-record": {
      const stage = fault.place.slice(0, fault.place.lastIndexOf(":"));
      const range = fault.records === 0 ? "it has none" : `it has ${stage}:0 to ${stage}:${fault.records - 1}`;
      return `Stage "${stage}" has no record ${fault.place}: ${range}.`;
    }
    case "stage-not-computed": {
      const { stage, is, computed } = fault;
      const names = computed.length === 0 ? "No stage of this flow is." : `These are: ${computed.join(", ")}.`;
      return `Stage "${stage}" is a ${is}: a replay takes it as it is on record, and computes nothing of it. ${names}`;
    }
    case "nobody-takes": {
      const { place, readers, stage } = fault;
      const read = readers.length === 0 ? "No stage reads it." : `It is read by: ${readers.join(", ")}.`;
      return stage === undefined
        ? `No handler that a replay calls takes ${place}. ${read}`
        : `The handler of stage "${stage}" does not take ${place}. ${read}`;
    }
  }
}
