import { err, ok, type Result } from "neverthrow";

/** As much as is needed of `node:inspector`, which Node, Bun and Deno have, in versions that are not too old. */
export interface Inspector {
  readonly open?: (port: number | undefined, host: string, wait: boolean) => void;
  readonly url?: () => string | undefined;
  readonly waitForDebugger?: () => void;
}

/** Only this machine may attach: whoever does can run what code they like. */
const HOST = "127.0.0.1";

const OWN_FLAG =
  "Start the runtime with a flag of its own instead, and leave --inspect-brk out: node --inspect-wait, bun --inspect-wait, deno run --inspect-wait.";

/**
 * Opens the inspector at the runtime's usual port, 9229, or at another one if that is taken, and blocks until a debugger has
 * attached. One that the runtime was started with is left as it is. Gives why there is none.
 */
export function letDebuggerIn(inspector: Inspector, say: (text: string) => void): Result<void, string> {
  const { open, url, waitForDebugger } = inspector;
  if (open === undefined || url === undefined || waitForDebugger === undefined) {
    return err(`This runtime opens no inspector for a program. ${OWN_FLAG}`);
  }
  if (url() !== undefined) return ok();
  let fault: unknown;
  for (const port of [undefined, 0]) {
    try {
      open(port, HOST, false);
    } catch (cause) {
      if (isOpen(cause)) return ok();
      fault = cause;
    }
    // Of a port that is taken, Node tells in no other way.
    if (url() === undefined) continue;
    say(`Waiting for a debugger to attach to ${url() ?? ""}, such as chrome://inspect or that of an editor.`);
    waitForDebugger();
    return ok();
  }
  return err(`The inspector cannot be opened${fault instanceof Error ? `: ${fault.message}` : ""}. ${OWN_FLAG}`);
}

/** Bun tells of an inspector that it was started with in this way alone. */
function isOpen(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_INSPECTOR_ALREADY_ACTIVATED";
}
