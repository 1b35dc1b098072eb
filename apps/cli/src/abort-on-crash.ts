import type { FlowHandle } from "@refold/runtime";

import type { CliIo } from "./cli-io.ts";
import { stackFrames } from "./rendering/stack-frames.ts";

/**
 * An error that no code has caught, in a callback or a promise that a flow has left behind, fails the run, which is sealed
 * then as any other. `say` tells people of the first such error; more of them while the run ends change nothing.
 */
export function abortOnCrash(
  handle: Pick<FlowHandle, "abort">,
  say: (text: string) => void,
  io: Pick<CliIo, "onCrash">,
): () => void {
  let crashed = false;
  return io.onCrash((cause) => {
    if (crashed) return;
    crashed = true;
    const what = `an error that nothing caught: ${messageOf(cause)}`;
    const frames = cause instanceof Error && cause.stack !== undefined ? stackFrames(cause.stack) : [];
    say([`Failing the run after ${what}`, ...frames.map((frame) => `    ${frame}`)].join("\n"));
    handle.abort(what);
  });
}

function messageOf(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return `a value of type ${typeof cause}`;
  }
}
