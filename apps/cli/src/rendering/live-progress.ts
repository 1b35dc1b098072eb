import type { Clock } from "@refold/core";

import type { TextOutput } from "../text-output.ts";
import { LiveBlock } from "./live-block.ts";

const REDRAW_MS = 150;

/** Redraws a block of lines a few times a second, on a terminal only. */
export class LiveProgress {
  readonly #block: LiveBlock;
  readonly #clock: Clock;
  readonly #lines: () => readonly string[];
  #cancel: (() => void) | undefined;

  constructor(options: {
    readonly output: TextOutput;
    readonly clock: Clock;
    readonly lines: () => readonly string[];
  }) {
    this.#block = new LiveBlock(options.output);
    this.#clock = options.clock;
    this.#lines = options.lines;
    if (options.output.isTerminal) this.#tick();
  }

  /** Takes the lines away; they come back with the next redraw. */
  hide(): void {
    this.#block.erase();
  }

  stop(): void {
    this.#cancel?.();
    this.#block.erase();
  }

  #tick(): void {
    this.#block.draw(this.#lines());
    this.#cancel = this.#clock.schedule(REDRAW_MS, () => this.#tick());
  }
}
