import { explainOpenRunFault } from "./explain-open-run-fault.ts";
import { explainResumeRunFault } from "./explain-resume-run-fault.ts";
import type { ForkRunFault } from "./fork-run.ts";

/** What happened, where, and what to do. */
export function explainForkRunFault(fault: ForkRunFault): string {
  switch (fault.kind) {
    case "no-point":
      return `${JSON.stringify(fault.text)} is no point of a run. Give the number of a frame, or the place of a record, such as priced:17.`;
    case "beyond-record":
      return `The run has ${fault.frames} frames, and nothing at ${fault.text}. \`refold log\` lists the records with their places.`;
    case "already-completed":
      return "The run had come to its end by then: nothing is left to go on with. Fork it at an earlier point.";
    case "configuration-invalid":
    case "run-exists":
      return explainOpenRunFault(fault);
    case "flow-invalid":
    case "flow-unfinished":
    case "flow-differs":
    case "is-replay":
    case "no-snapshots":
    case "resume-diverged":
    case "malformed-record":
    case "upcast-failed":
    case "storage":
    case "damaged":
    case "not-retained":
    case "log-closed":
    case "unstorable":
    case "frame-too-large":
    case "too-many-records":
      return explainResumeRunFault(fault);
  }
}
