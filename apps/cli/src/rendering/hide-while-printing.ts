import type { CliIo } from "../cli-io.ts";
import type { LiveProgress } from "./live-progress.ts";

/** Keeps what the flow prints from mixing with the progress on the same terminal. Gives what ends it, if there is need. */
export function hideWhilePrinting(progress: LiveProgress, io: CliIo): (() => void) | undefined {
  if (!io.stderr.isTerminal) return undefined;
  return io.divertPrints((_, print) => {
    progress.hide();
    print();
  });
}
