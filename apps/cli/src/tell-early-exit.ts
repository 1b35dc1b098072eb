import { writeSync } from "node:fs";

import { EXIT } from "./exit-codes.ts";

/**
 * Says so when the process ends while the command is still going on, and makes the exit code tell of it: a flow's code may
 * call `process.exit(0)`, which must not look like success. Until the returned function is called.
 */
export function tellEarlyExit(): () => void {
  const tell = (code: number): void => {
    process.exitCode = EXIT.failed;
    try {
      // Nothing that is written later than at once is written at all.
      writeSync(2, `refold: the process was ended, with code ${code}, ${WHY}\n`);
    } catch {
      // Nobody is there to be told.
    }
  };
  process.on("exit", tell);
  return () => void process.off("exit", tell);
}

const WHY =
  "before the command was done, as by process.exit() in the code of a flow. " +
  "A run that was under way has no seal; what it had put on record can be read.";
