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

  it("lets the event loop turn", async () => {
    let turned = false;
    setImmediate(() => (turned = true));
    await systemClock.turn();
    expect(turned).toBe(true);
  });
});
