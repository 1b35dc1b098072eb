import { explainFault } from "@refold/core";
import { explainResumeFault } from "@refold/runtime";

import { explainOpenRunFault } from "./explain-open-run-fault.ts";
import type { ResumeRunFault } from "./resume-run.ts";

/** What happened, where, and what to do; of a flow that cannot be used, everything that is wrong with it. */
export function explainResumeRunFault(fault: ResumeRunFault): string {
  switch (fault.kind) {
    case "flow-invalid":
    case "flow-unfinished":
      return explainOpenRunFault(fault);
    case "storage":
    case "damaged":
    case "run-not-found":
    case "not-a-run":
    case "manifest-malformed":
    case "later-format":
    case "locked":
      return explainFault(fault);
    case "flow-differs":
    case "already-completed":
    case "is-replay":
    case "no-snapshots":
    case "resume-diverged":
    case "malformed-record":
    case "upcast-failed":
    case "not-retained":
    case "log-closed":
    case "unstorable":
    case "frame-too-large":
    case "too-many-records":
      return explainResumeFault(fault);
  }
}
