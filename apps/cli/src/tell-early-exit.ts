import { writeSync } from "node:fs";

import { EXIT } from "./exit-codes.ts";

/** The event by which Deno tells of `Deno.exit()`, of which `process` hears nothing there. */
interface UnloadTarget {
  addEventListener?(this: void, event: "unload", listener: () => void): void;
  removeEventListener?(this: void, event: "unload", listener: () => void): void;
}

/**
 * Says so when the process ends while the command is still going on, and makes the exit code tell of it: a flow's code may
 * call `process.exit(0)`, which must not look like success. Until the returned function is called.
 */
export function tellEarlyExit(): () => void {
  const { addEventListener, removeEventListener } = globalThis as UnloadTarget;
  const ignore = (): void => {
    process.off("exit", tell);
    removeEventListener?.("unload", tell);
  };
  const tell = (): void => {
    // Deno tells of `process.exit()` in both ways.
    ignore();
    process.exitCode = EXIT.failed;
    try {
      // Nothing that is written later than at once is written at all.
      writeSync(2, EARLY_EXIT);
    } catch {
      // Nobody is there to be told.
    }
  };
  process.on("exit", tell);
  addEventListener?.("unload", tell);
  return ignore;
}

const EARLY_EXIT =
  "refold: the process was ended before the command was done, as by process.exit(), or an error that nothing caught, in " +
  "the code of a flow. A run that was under way has no seal; what it had put on record can be read.\n";
