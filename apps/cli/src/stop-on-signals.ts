import type { OpenedRun } from "refold";

import type { CliIo } from "./cli-io.ts";
import { SIGNAL_EXIT } from "./exit-codes.ts";
import { durationText } from "./rendering/time-text.ts";

/** Launchers such as npm pass on a signal that the terminal has sent to all by itself: one keystroke arrives twice. */
const SAME_KEYSTROKE_MS = 500;

/**
 * The first signal ends the intake and lets what is on its way arrive, the second one cancels, the third one ends the
 * process. `say` tells people what happens, and what one more signal would do. Stops to listen when the result is called.
 */
export function stopOnSignals(
  { handle, configuration }: Pick<OpenedRun, "handle" | "configuration">,
  say: (text: string) => void,
  io: Pick<CliIo, "host" | "onSignal" | "exitNow">,
): () => void {
  let heard = 0;
  let heardAtMs: number | undefined;
  return io.onSignal((signal) => {
    const nowMs = io.host.clock.now();
    // The clock may have been set back.
    if (heardAtMs !== undefined && Math.abs(nowMs - heardAtMs) < SAME_KEYSTROKE_MS) return;
    heardAtMs = nowMs;
    heard++;
    if (heard === 1) {
      const limit = durationText(configuration.flow("shutdown.timeoutMs"));
      say(`Stopping the run after ${signal}: what is on its way may arrive for ${limit}. Once more cancels the run.`);
      handle.stopGraceful({ reason: `stopped by ${signal}` });
    } else if (heard === 2) {
      say(`Cancelling the run after ${signal}. Once more ends the process at once, and the run without a seal.`);
      handle.stop(`cancelled by ${signal}`);
    } else {
      say(`Ending at once after ${signal}.`);
      io.exitNow(SIGNAL_EXIT[signal]);
    }
  });
}
