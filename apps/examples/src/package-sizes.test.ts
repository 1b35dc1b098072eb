import { expect, it } from "vitest";

import { rawData, recordedExample } from "../test/recorded-example.ts";
import packageSizes from "./package-sizes.flow.ts";

interface Node {
  readonly id: number;
  readonly name: string;
  readonly parent?: number;
  readonly size?: number;
}

it("finds the packages as large as adding up what is in them from the top does", async () => {
  const { recorded, printed } = await recordedExample(packageSizes);
  const nodes = JSON.parse(rawData("flare.json")) as readonly Node[];
  const within = (id: number): number =>
    nodes.filter(({ parent }) => parent === id).reduce((sum, node) => sum + (node.size ?? 0) + within(node.id), 0);
  const packages = nodes
    .filter(({ size }) => size === undefined)
    .map(({ id, name }) => ({ package: name, bytes: within(id) }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 10);
  expect(recorded.payloads("named")).toEqual(packages.map((each, index) => ({ rank: index + 1, ...each })));
  expect(printed[0]).toMatch(/^1\. flare: \d+ bytes$/);
  expect(recorded.recordsOf("shares", "error")).toEqual([]);
});
