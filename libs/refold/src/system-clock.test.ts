import { describe, expect, it } from "vitest";

import { systemClock } from "./system-clock.ts";

describe("the clock of the machine", () => {
  it("tells milliseconds since 1970, fires timers, and not those that were called off", async () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
    const fired: string[] = [];
    const callOff = systemClock.schedule(0, () => fired.push("called off"));
    callOff();
    await new Promise<void>((resolve) => void systemClock.schedule(1, resolve));
    expect(fired).toEqual([]);
  });

  it("does not take a delay beyond the timers of the platform for none", async () => {
    const fired: string[] = [];
    const callOffs = [2 ** 31, 1e12, Number.POSITIVE_INFINITY].map((delayMs) =>
      systemClock.schedule(delayMs, () => fired.push(`after ${delayMs}`)),
    );
    await new Promise<void>((resolve) => void systemClock.schedule(5, resolve));
    for (const callOff of callOffs) callOff();
    expect(fired).toEqual([]);
  });

  it("lets the event loop turn", async () => {
    let turned = false;
    setImmediate(() => (turned = true));
    await systemClock.turn();
    expect(turned).toBe(true);
  });
});
