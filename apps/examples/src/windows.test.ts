import { memoryStore, openRun, type Flow } from "refold";
import { describe, expect, it, vi } from "vitest";

import { dataFile } from "./data-file.ts";
import earthquakeSwarms from "./earthquake-swarms.flow.ts";
import weatherWindows from "./weather-windows.flow.ts";

/** The lines that a flow prints, which has to run to its end. */
async function printed(flow: Flow): Promise<readonly string[]> {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    const run = (await openRun(flow, { store: memoryStore() }))._unsafeUnwrap();
    expect(await run.handle.run()).toMatchObject({ status: "completed" });
    return log.mock.calls.map(([line]) => String(line));
  } finally {
    log.mockRestore();
  }
}

describe("the weather by day", () => {
  it("has each month's means of what plain loops over the file find to be lowest and highest each day", async () => {
    const days = new Map<string, number[]>();
    for (const line of dataFile("seattle-weather-hourly-normals.csv").trim().split(/\r?\n/).slice(1)) {
      const [date = "", , temperature = ""] = line.split(",");
      const day = date.slice(0, 10);
      days.set(day, [...(days.get(day) ?? []), Math.round(Number(temperature) * 10)]);
    }
    expect(days.size).toBe(365);
    const months = new Map<string, { days: number; lowest: number; highest: number }>();
    for (const [day, tenths] of days) {
      const month = months.get(day.slice(0, 7)) ?? { days: 0, lowest: 0, highest: 0 };
      months.set(day.slice(0, 7), month);
      month.days++;
      month.lowest += Math.min(...tenths);
      month.highest += Math.max(...tenths);
    }
    const lines = await printed(weatherWindows);
    expect(lines).toHaveLength(12);
    for (const [index, [month, of]] of [...months].entries()) {
      const [, name, lowest, highest] = /^(\S+) {2}(-?[\d.]+) to (-?[\d.]+) °C$/.exec(lines[index] ?? "") ?? [];
      expect(name).toBe(month);
      expect(Math.abs(Number(lowest) * 10 - of.lowest / of.days)).toBeLessThanOrEqual(0.5 + 1e-9);
      expect(Math.abs(Number(highest) * 10 - of.highest / of.days)).toBeLessThanOrEqual(0.5 + 1e-9);
    }
  });
});

describe("the swarms of earthquakes", () => {
  it("are the runs of at least 10 that plain loops over the file find, in the order of their ends", async () => {
    const times = new Map<string, number[]>();
    for (const [, time, network = ""] of dataFile("earthquakes.json").matchAll(/"time":(\d+),.*?"net":"(\w+)"/g)) {
      times.set(network, [Number(time), ...(times.get(network) ?? [])]);
    }
    const swarms: { readonly network: string; readonly last: number; readonly quakes: number }[] = [];
    for (const [network, all] of times) {
      let quakes = 0;
      for (const [index, time] of all.entries()) {
        quakes++;
        const next = all[index + 1] ?? Number.POSITIVE_INFINITY;
        if (next - time < 30 * 60_000) continue;
        if (quakes >= 10) swarms.push({ network, last: time, quakes });
        quakes = 0;
      }
    }
    swarms.sort((a, b) => a.last - b.last);
    expect(swarms.length).toBeGreaterThan(1);
    const lines = await printed(earthquakeSwarms);
    expect(lines.map((line) => /^\S+ \S+ {2}(\w+) {2}(\d+) quakes/.exec(line)?.slice(1))).toEqual(
      swarms.map(({ network, quakes }) => [network, String(quakes)]),
    );
  });
});
