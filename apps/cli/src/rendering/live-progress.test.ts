import type { Clock } from "@refold/core";
import { expect, it } from "vitest";

import { MemoryOutput } from "../../test/cli-harness.ts";
import { LiveProgress } from "./live-progress.ts";

/** A clock whose one timer fires when the test says so. */
class ManualClock implements Clock {
  due: (() => void) | undefined;

  now(): number {
    return 0;
  }

  schedule(_: number, run: () => void): () => void {
    this.due = run;
    return () => {
      this.due = undefined;
    };
  }

  async turn(): Promise<void> {
    // Nothing else waits.
  }
}

/** What a terminal shows after `text`, for the two control sequences that are used. */
function screen(text: string): string {
  let lines = [""];

  for (const [token, up] of text.matchAll(/\u001b\[(\d+)A\u001b\[J|\n|[^\n\u001b]+/g)) {
    if (up !== undefined) lines = [...lines.slice(0, Math.max(0, lines.length - 1 - Number(up))), ""];
    else if (token === "\n") lines.push("");
    else lines[lines.length - 1] += token;
  }
  return lines.join("\n");
}

function open(isTerminal: boolean): {
  output: MemoryOutput;
  clock: ManualClock;
  lines: string[];
  progress: LiveProgress;
} {
  const output = new MemoryOutput();
  output.isTerminal = isTerminal;
  output.columns = 10;
  const clock = new ManualClock();
  const lines = ["one", "two"];
  output.write("before\n");
  return { output, clock, lines, progress: new LiveProgress({ output, clock, lines: () => lines }) };
}

it("draws in place, however many lines there are, and leaves nothing behind", () => {
  const { output, clock, lines, progress } = open(true);
  expect(screen(output.text)).toBe("before\none\ntwo\n");
  lines.push("three");
  clock.due?.();
  expect(screen(output.text)).toBe("before\none\ntwo\nthree\n");
  lines.length = 1;
  clock.due?.();
  expect(screen(output.text)).toBe("before\none\n");
  progress.stop();
  expect(screen(output.text)).toBe("before\n");
  expect(clock.due).toBeUndefined();
});

it("gives way to what is printed, and comes back below it", () => {
  const { output, clock, progress } = open(true);
  progress.hide();
  output.write("printed\n");
  clock.due?.();
  expect(screen(output.text)).toBe("before\nprinted\none\ntwo\n");
});

it("cuts a line that would wrap", () => {
  const { output, clock, lines } = open(true);
  lines[0] = "0123456789abc";
  clock.due?.();
  expect(screen(output.text)).toBe("before\n012345678\ntwo\n");
});

it("writes nothing to a pipe", () => {
  const { output, clock } = open(false);
  expect(clock.due).toBeUndefined();
  expect(output.text).toBe("before\n");
});
