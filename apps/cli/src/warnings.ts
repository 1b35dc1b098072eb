import type { Logger } from "@refold/core";

import type { CliIo } from "./cli-io.ts";
import type { LiveProgress } from "./rendering/live-progress.ts";
import { oneLine } from "./rendering/safe-text.ts";

/** After so many different messages, no more are told. */
const MOST_TOLD = 100;
const DETAIL_CHARACTERS = 1000;

/** Tells on standard error what the runtime finds not worth a record. The same message is told once, whatever its detail. */
export class Warnings implements Logger {
  readonly #io: CliIo;
  readonly #told = new Set<string>();
  /** What is on the screen, and makes room for a warning. */
  progress: LiveProgress | undefined;

  constructor(io: CliIo) {
    this.#io = io;
  }

  warn(message: string, detail?: Readonly<Record<string, unknown>>): void {
    if (this.#told.has(message) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(message);
    this.progress?.hide();
    void this.#io.stderr.write(`refold: warning: ${oneLine(message)}${detailText(detail)}\n`);
  }

  /** What is left out of a run that goes on. */
  error(message: string, detail?: Readonly<Record<string, unknown>>): void {
    this.warn(message, detail);
  }
}

/** A stack is for programs: it has many lines. */
function detailText(detail: Readonly<Record<string, unknown>> = {}): string {
  const parts = Object.entries(detail)
    .filter(([name, value]) => name !== "stack" && value !== undefined && value !== "")
    .map(([name, value]) => (name === "cause" ? String(value) : `${name}: ${String(value)}`));
  return parts.length === 0 ? "" : ` (${oneLine(parts.join(", "), DETAIL_CHARACTERS)})`;
}
