import type { AppendFault, CreateFault, OpenFault, ReadFault } from "@refold/core";
import { explainFault } from "@refold/core";

import { EXIT } from "./exit-codes.ts";

/** Why a command does not go on: what people are told, and the exit code. */
export interface CliFault {
  readonly exit: typeof EXIT.refused | typeof EXIT.machine;
  /** May have several lines. */
  readonly message: string;
}

export function refused(message: string): CliFault {
  return { exit: EXIT.refused, message };
}

/** What cannot be done, with every reason; numbered if there are several. */
export function refusedFor(what: string, reasons: readonly string[]): CliFault {
  const [only] = reasons;
  if (reasons.length === 1 && only !== undefined) return refused(`${what}: ${only}`);
  const lines = reasons.map((reason, index) => `  ${index + 1}. ${reason}`);
  return refused([`${what}, for ${reasons.length} reasons:`, ...lines].join("\n"));
}

/** A fault of a log or a store. What the storage refused is a matter of the machine; the rest is refused by us. */
export function storeFault(fault: AppendFault | CreateFault | OpenFault | ReadFault): CliFault {
  return { exit: fault.kind === "storage" ? EXIT.machine : EXIT.refused, message: explainFault(fault) };
}
