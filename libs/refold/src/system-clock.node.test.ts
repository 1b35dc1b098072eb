import { expect, it } from "vitest";

import { systemClock } from "./system-clock.ts";

it("keeps the process alive for what is still to happen", () => {
  const before = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const callOff = systemClock.schedule(60_000, () => undefined);
  expect(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout")).toHaveLength(before + 1);
  callOff();
  expect(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout")).toHaveLength(before);
});
