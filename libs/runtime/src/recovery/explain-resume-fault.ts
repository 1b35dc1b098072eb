import { explainReplayFault } from "../replay/explain-replay-fault.ts";
import type { ResumeFault } from "./resume-run.ts";

/** What happened, where, and what to do. */
export function explainResumeFault(fault: ResumeFault): string {
  switch (fault.kind) {
    case "flow-differs":
      return [
        "The flow is not the one that was recorded, so the run cannot be gone on with:",
        ...fault.differences.map((difference) => `  - ${difference}`),
        "Go on with a flow that has the same stages, inputs and event types; handlers may differ where they compute the same.",
      ].join("\n");
    case "already-completed":
      return "The run has come to its end: nothing is left to go on with. Begin a new run, or fork this one.";
    case "is-replay":
      return `The run is a replay of ${fault.replayOf}, which touches nothing outside and is not gone on with. Resume that run, or replay it again.`;
    case "resume-diverged": {
      const { first } = fault.report;
      const where = first === undefined ? "" : `, first at ${first.place}`;
      return `The code of today does not compute what is on record${where}. Go on with the code that was recorded, or force it, which goes on record.`;
    }
    case "no-snapshots":
      return `The frames before ${fault.first} were let go of, and there are no two snapshots that the code of today has come to. Go on with the code that was recorded; or force it, if the snapshots are still there, which goes on record; or bring back the segments from the archive, if they were put there.`;
    case "malformed-record":
    case "upcast-failed":
    case "damaged":
    case "not-retained":
    case "storage":
    case "log-closed":
    case "unstorable":
    case "frame-too-large":
    case "too-many-records":
      return explainReplayFault(fault);
  }
}
