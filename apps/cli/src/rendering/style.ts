import pc from "picocolors";

import type { CliIo } from "../cli-io.ts";
import type { TextOutput } from "../text-output.ts";

/** Colours for one output, or none. */
export type Style = ReturnType<typeof pc.createColors>;

/** Colours for terminals, unless NO_COLOR is set (https://no-color.org). A pipe gets plain text. */
export function styleFor(output: TextOutput, env: CliIo["env"]): Style {
  const refused = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return pc.createColors(output.isTerminal && !refused);
}
