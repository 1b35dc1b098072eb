import type { CliIo } from "./cli-io.ts";
import type { ExitCode } from "./exit-codes.ts";

/** With `--json`, standard output is for machines alone; what the flow prints meanwhile goes the other way. */
export async function forMachines(
  { json }: { readonly json?: boolean },
  io: CliIo,
  command: () => Promise<ExitCode>,
): Promise<ExitCode> {
  if (json !== true) return command();
  const restore = io.divertPrints((text) => void io.stderr.write(text));
  try {
    return await command();
  } finally {
    restore();
  }
}
