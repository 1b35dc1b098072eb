import type { TextOutput } from "../text-output.ts";

/** Lines at the end of a terminal that are drawn again and again in place, and that leave nothing behind. */
export class LiveBlock {
  readonly #output: TextOutput;
  #drawn = 0;

  constructor(output: TextOutput) {
    this.#output = output;
  }

  draw(lines: readonly string[]): void {
    const width = Math.max(1, (this.#output.columns ?? 80) - 1);
    // A line that wraps would take two lines of the terminal, and erasing would miss one.
    const fitting = lines.map((line) => line.slice(0, width));
    void this.#output.write(`${this.#erasing()}${fitting.map((line) => `${line}\n`).join("")}`);
    this.#drawn = fitting.length;
  }

  erase(): void {
    if (this.#drawn > 0) void this.#output.write(this.#erasing());
    this.#drawn = 0;
  }

  #erasing(): string {
    return this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A\u001b[J`;
  }
}
