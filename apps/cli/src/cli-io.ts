import type { RunStore } from "@refold/core";
import type { ReplayOptions } from "@refold/runtime";

import type { Inspector } from "./inspector.ts";
import type { TextOutput } from "./text-output.ts";

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** All that a command has of the world. */
export interface CliIo {
  /** For what was asked for. */
  readonly stdout: TextOutput;
  /** For everything else: progress, remarks, faults. */
  readonly stderr: TextOutput;
  /** An absolute path; relative paths start there. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: ReplayOptions["host"];
  openStore(directory: string): RunStore;
  /** Loads a module, TypeScript too, from an absolute path. Rejects with what the module, or the runtime's loader, throws. */
  importModule(path: string): Promise<unknown>;
  /** What lets a debugger into this process. */
  loadInspector(): Promise<Inspector>;
  /** Hears of signals until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /**
   * Hears of errors that no code has caught, thrown or rejected, until the returned function is called. While somebody
   * hears of them, they do not end the process.
   */
  onCrash(listener: (cause: unknown) => void): () => void;
  /** Ends the process without waiting for anything. */
  exitNow(code: number): void;
  /**
   * Hands what the flow's own code prints on standard output to `receive`, until the returned function is called. `print`
   * lets it go where it was going, which may be an outer diversion. Diversions are ended in the reverse order.
   */
  divertPrints(receive: (text: string, print: () => void) => void): () => void;
}
