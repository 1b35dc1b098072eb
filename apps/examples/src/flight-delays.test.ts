import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { RecordDecoder, type LogRecord, type Lsn, type RunStore } from "@refold/core";
import { memoryStore, openRun } from "refold";
import { beforeAll, describe, expect, it, vi } from "vitest";

import flightDelays from "./flight-delays.flow.ts";
import type { RankedRow } from "./ranking.ts";

/** The figures of one place, counted anew from the raw files. */
interface Figures {
  flights: bigint;
  minutes: bigint;
  late: bigint;
}

/** Plain loops over the files' text: no CSV parser, no flow, no floating point. */
function countAnew(): Map<string, Figures> {
  const data = join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "..", "data");
  const stateOf = new Map<string, string>();
  for (const line of readFileSync(join(data, "airports.csv"), "utf8").split(/\r?\n/).slice(1)) {
    const fields: string[] = [""];
    let quoted = false;
    for (const character of line) {
      if (character === '"') quoted = !quoted;
      else if (character === "," && !quoted) fields.push("");
      else fields[fields.length - 1] += character;
    }
    const [code = "", , , state = "", country] = fields;
    if (code !== "") stateOf.set(code, country === "USA" ? state : "(abroad)");
  }
  const figures = new Map<string, Figures>();
  for (const [, delay = "", origin = ""] of readFileSync(join(data, "flights-20k.json"), "utf8").matchAll(
    /"delay":(-?\d+),"distance":\d+,"origin":"(\w+)"/g,
  )) {
    const state = stateOf.get(origin) ?? "(not in the table)";
    const of = figures.get(state) ?? { flights: 0n, minutes: 0n, late: 0n };
    figures.set(state, of);
    of.flights += 1n;
    of.minutes += BigInt(delay);
    if (BigInt(delay) > 15n) of.late += 1n;
  }
  return figures;
}

/** Whether no double is nearer to numerator/denominator than this one. */
function isNearest(double: number, numerator: bigint, denominator: bigint): boolean {
  const distance = (candidate: number): bigint => {
    // Every double is a whole multiple of 2^-1074, so scaled by 2^1074 it is compared without rounding.
    const [mantissa, exponent] = exactly(candidate);
    const difference = mantissa * denominator * 2n ** (1074n + exponent) - numerator * 2n ** 1074n;
    return difference < 0n ? -difference : difference;
  };
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, double);
  const neighbours = [-1n, 1n].map((step) => {
    const beside = new DataView(new ArrayBuffer(8));
    beside.setBigInt64(0, bits.getBigInt64(0) + step);
    return beside.getFloat64(0);
  });
  if (double === 0) return numerator === 0n;
  return neighbours.every((neighbour) => distance(double) <= distance(neighbour));
}

/** A double as mantissa · 2^exponent. */
function exactly(double: number): [mantissa: bigint, exponent: bigint] {
  let exponent = 0n;
  let mantissa = double;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent -= 1n;
  }
  return [BigInt(mantissa), exponent];
}

async function dataOf(store: RunStore, lane: string): Promise<unknown[]> {
  const [listed] = (await store.list())._unsafeUnwrap();
  if (listed?.kind !== "run") throw new Error("no run");
  const reader = (await store.open(listed.manifest.runId))._unsafeUnwrap();
  const decoder = new RecordDecoder();
  const records: LogRecord[] = [];
  for await (const batch of reader.read(0 as Lsn)) {
    for (const frame of batch._unsafeUnwrap()) {
      if (listed.manifest.lanes[frame.lane] === lane) records.push(...decoder.decode(frame.body)._unsafeUnwrap());
    }
  }
  return records.filter((record) => record.kind === "data").map(({ payload }) => payload);
}

describe("the delays of flights by state", () => {
  const anew = countAnew();
  let rows: RankedRow[];
  let printed: string;

  beforeAll(async () => {
    const store = memoryStore();
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const run = (await openRun(flightDelays, { store }))._unsafeUnwrap();
    const report = await run.handle.run();
    printed = log.mock.calls.flat().join("\n");
    log.mockRestore();
    expect(report.status).toBe("completed");
    rows = (await dataOf(store, "ranking")) as RankedRow[];
  });

  it("count every one of the 20,000 flights once", () => {
    expect([...anew.values()].reduce((sum, { flights }) => sum + flights, 0n)).toBe(20_000n);
    expect(rows.reduce((sum, { flights }) => sum + flights, 0)).toBe(20_000);
    expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(anew.keys()));
    expect(rows).toHaveLength(anew.size);
  });

  it("are those that plain loops over the files count, to the last digit", () => {
    for (const { state, flights, delayMinutes, late, meanDelayMinutes, lateShare } of rows) {
      const expected = anew.get(state);
      expect({ flights: BigInt(flights), minutes: BigInt(delayMinutes), late: BigInt(late) }).toEqual(expected);
      expect(isNearest(meanDelayMinutes, BigInt(delayMinutes), BigInt(flights))).toBe(true);
      expect(isNearest(lateShare, BigInt(late), BigInt(flights))).toBe(true);
    }
  });

  it("rank the states from 1 by the exact mean, the longest first, and leave the territories unranked at the end", () => {
    const states = rows.filter(({ rank }) => rank !== undefined);
    expect(states.map(({ rank }) => rank)).toEqual(states.map((_, index) => index + 1));
    expect(rows.slice(states.length).map(({ state }) => state)).toEqual(["PR", "VI"]);
    for (const [index, row] of states.entries()) {
      const next = states[index + 1];
      if (next === undefined) continue;
      const [here, after] = [
        BigInt(row.delayMinutes) * BigInt(next.flights),
        BigInt(next.delayMinutes) * BigInt(row.flights),
      ];
      expect(here > after || (here === after && row.flights >= next.flights)).toBe(true);
    }
  });

  it("are printed once, a line for each row, as the exact fractions rounded to two decimals", () => {
    const lines = printed.split("\n").filter((line) => / min .* %$/.test(line));
    expect(lines).toHaveLength(rows.length);
    for (const [index, line] of lines.entries()) {
      const row = rows[index] as RankedRow;
      const [, rank, state, flights, mean = "", share = ""] =
        /^ *(\S+) {2}(\S+) +(\d+) +(-?\d+\.\d\d) min +(\d+\.\d\d) %$/.exec(line) ?? [];
      expect([rank, state, flights]).toEqual([
        row.rank === undefined ? "–" : String(row.rank),
        row.state,
        String(row.flights),
      ]);
      expect(isRounded(mean, BigInt(row.delayMinutes), BigInt(row.flights))).toBe(true);
      expect(isRounded(share, BigInt(row.late) * 100n, BigInt(row.flights))).toBe(true);
    }
  });
});

/** Whether a text with two decimals is no further than half a hundredth from numerator/denominator. */
function isRounded(text: string, numerator: bigint, denominator: bigint): boolean {
  const hundredths = BigInt(text.replace(".", ""));
  const off = 2n * (hundredths * denominator - numerator * 100n);
  return -denominator <= off && off <= denominator;
}
