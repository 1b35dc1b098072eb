import { parse } from "csv-parse/sync";
import { expect, it } from "vitest";

import { rawData, recordedExample } from "../test/recorded-example.ts";
import birdStrikes from "./bird-strikes.flow.ts";

it("counts and ranks each report where it belongs, and none twice", async () => {
  const { recorded } = await recordedExample(birdStrikes);
  const rows = (parse(rawData("birdstrikes.csv"), { from_line: 2 }) as readonly (readonly string[])[]).map((row) => ({
    damage: row[2] ?? "",
    phase: row[6] ?? "",
    dollars: Number(row[12]),
  }));
  expect(rows).toHaveLength(10_000);
  const harmless = rows.filter(({ damage }) => damage === "None");
  expect(recorded.payloads("unharmed")).toEqual([harmless.length]);
  const phases = new Map<string, number>();
  for (const { damage, phase } of rows) if (damage !== "None") phases.set(phase, (phases.get(phase) ?? 0) + 1);
  expect(recorded.payloads("by-phase")).toEqual([...phases].map(([key, value]) => ({ key, value })));
  const worst = rows.map(({ dollars }) => dollars).sort((a, b) => b - a);
  expect(recorded.payloads("worst")).toMatchObject(
    worst.slice(0, 3).map((value, index) => ({ rank: index + 1, value })),
  );
  expect(recorded.recordsOf("sorted", "end")).toMatchObject([
    {
      counts: [
        { count: harmless.length },
        { count: 10_000 - harmless.length },
        { count: worst.filter((dollars) => dollars >= 1_000_000).length },
      ],
    },
  ]);
});
