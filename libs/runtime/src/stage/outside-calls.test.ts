import { describe, expect, it } from "vitest";

import { ManualClock } from "@refold/testkit";

import { OutsideCalls } from "./outside-calls.ts";

describe("calls to the outside", () => {
  it("are not begun any more once they have been given up, and leave no timer", async () => {
    const clock = new ManualClock(0);
    const calls = new OutsideCalls(clock);
    let made = 0;
    calls.giveUp();
    expect(await calls.call(() => void made++)).toBe(false);
    expect(await calls.call(() => new Promise(() => made++))).toBe(false);
    expect(made).toBe(0);
    expect(clock.timers).toBe(0);
  });
});
