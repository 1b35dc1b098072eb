import { err, ok, type Result } from "neverthrow";

import { refused, type CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import { explainImportFailure } from "./import-failure.ts";
import { durationText } from "./rendering/time-text.ts";

/** How long a module may take to load, in milliseconds. What it awaits at its top level may never settle. */
const LOAD_LIMIT_MS = 30_000;

/** Loads an author's module from an absolute path. `what` is the file for people: `flow file`. */
export async function loadModule(
  path: string,
  what: string,
  io: Pick<CliIo, "host" | "importModule">,
): Promise<Result<unknown, CliFault>> {
  let callOff: (() => void) | undefined;
  // The timer also keeps a process alive that has nothing else to wait for.
  const late = new Promise<Result<unknown, CliFault>>((resolve) => {
    callOff = io.host.clock.schedule(LOAD_LIMIT_MS, () => resolve(err(refused(tooLate(path, what)))));
  });
  const loaded = io.importModule(path).then(
    (module) => ok(module),
    (cause: unknown) => err(refused(explainImportFailure(path, cause, what))),
  );
  try {
    return await Promise.race([loaded, late]);
  } finally {
    callOff?.();
  }
}

function tooLate(path: string, what: string): string {
  const limit = durationText(LOAD_LIMIT_MS);
  return `The ${what} ${path} was not loaded within ${limit}: something that is awaited at its top level has not settled.`;
}
