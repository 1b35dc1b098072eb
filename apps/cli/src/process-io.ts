import { fileStore, runtimeName, systemClock, VERSION } from "refold";

import type { CliIo, StopSignal } from "./cli-io.ts";
import { divertPrints } from "./divert-prints.ts";
import { importModule } from "./import-module.ts";
import { StreamOutput } from "./stream-output.ts";

const SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const CRASHES = ["uncaughtException", "unhandledRejection"] as const;

/** The world as this process has it. */
export function processIo(): CliIo {
  return {
    stdout: new StreamOutput(process.stdout),
    stderr: new StreamOutput(process.stderr),
    cwd: process.cwd(),
    env: process.env,
    host: { clock: systemClock, runtime: runtimeName(), refold: VERSION },
    openStore: (directory) => fileStore({ directory }),
    importModule,
    // Loaded only when it is asked for: a runtime may have been built without it.
    loadInspector: () => import("node:inspector").catch(() => ({})),
    onSignal(listener) {
      for (const signal of SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of SIGNALS) process.off(signal, listener);
      };
    },
    onCrash(listener) {
      for (const kind of CRASHES) process.on(kind, listener);
      return () => {
        for (const kind of CRASHES) process.off(kind, listener);
      };
    },
    exitNow: (code) => process.exit(code),
    divertPrints,
  };
}
