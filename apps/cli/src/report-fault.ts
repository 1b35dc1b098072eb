import type { CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import type { ExitCode } from "./exit-codes.ts";
import { safeText } from "./rendering/safe-text.ts";
import { styleFor } from "./rendering/style.ts";

/** Tells why a command does not go on, and gives its exit code. */
export function reportFault(fault: CliFault, io: CliIo): ExitCode {
  const style = styleFor(io.stderr, io.env);
  void io.stderr.write(`${style.red("refold:")} ${safeText(fault.message)}\n`);
  return fault.exit;
}
