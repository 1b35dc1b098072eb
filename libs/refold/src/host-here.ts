import type { Logger } from "@refold/core";
import type { RunHost } from "@refold/runtime";

import { runtimeName } from "./runtime-name.ts";
import { systemClock } from "./system-clock.ts";
import { VERSION } from "./version.ts";

/** This process, as a run sees it. */
export function hostHere(logger: Logger | undefined): RunHost {
  return {
    clock: systemClock,
    abortController: () => new AbortController(),
    runtime: runtimeName(),
    refold: VERSION,
    ...(logger === undefined ? {} : { logger }),
  };
}
