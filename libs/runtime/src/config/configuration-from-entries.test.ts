import { expect, it } from "vitest";

import { configuredFlow } from "../../test/configured-flow.ts";
import { commandLineLayer } from "./command-line-layer.ts";
import { configurationFromEntries } from "./configuration-from-entries.ts";
import { explainConfigurationFault } from "./explain-configuration-fault.ts";
import { resolveConfiguration } from "./resolve-configuration.ts";

const EDGE = { from: "orders", to: "priced" };

it("reads back from JSON all that was in effect", () => {
  const layers = [
    commandLineLayer([
      "shutdown.timeoutMs=1",
      "global:metrics.enabled=false",
      "stage:priced.stage.stepInputs=2",
      "edge:orders->priced.flowControl.mode=track",
    ]),
  ];
  const resolved = resolveConfiguration({ layers, topology: configuredFlow() })._unsafeUnwrap();
  const read = configurationFromEntries(JSON.parse(JSON.stringify(resolved.entries())))._unsafeUnwrap();
  expect(read.entries()).toEqual(resolved.entries());
  expect(read.flow("shutdown.timeoutMs")).toBe(1);
  expect(read.flow("metrics.enabled")).toBe(false);
  expect(read.stage("priced", "stage.stepInputs")).toBe(2);
  expect(read.edge(EDGE, "flowControl.mode")).toBe("track");
});

it("reads what another version wrote: keys that are gone or new, and limits that have changed", () => {
  const read = configurationFromEntries([
    { key: "gone.inputs", scope: "flow", value: "x", source: "file" },
    { key: "flowControl.windowRecords", scope: "flow", value: 9_000_000, source: "code" },
  ])._unsafeUnwrap();
  expect(read.edge(EDGE, "flowControl.windowRecords")).toBe(9_000_000);
  expect(read.flow("shutdown.timeoutMs")).toBe(30_000);
});

it("refuses entries that it did not write, all of them", () => {
  const key = "stage.stepInputs";
  const entries = [
    7,
    { scope: "flow" },
    { key, scope: "stage", value: 1, source: "file" },
    { key, scope: "edge", edge: EDGE, value: 1, source: "file" },
    { key, scope: "flow", value: "1", source: "file" },
    { key, scope: "flow", value: 1, source: "rumour" },
    { key, scope: "flow", value: 1, source: "file", where: 3 },
    { key: "flowControl.mode", scope: "edge", edge: "orders -> priced", value: "off", source: "file" },
  ];
  const faults = configurationFromEntries(entries)._unsafeUnwrapErr();
  expect(faults.map((fault) => (fault.kind === "malformed-entry" ? fault.index : -1))).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7,
  ]);
  expect(faults.slice(0, 2).map(explainConfigurationFault)).toEqual([
    "The recorded configuration cannot be read: entry 1 is not an object. Open the run with the version of Refold that wrote it.",
    "The recorded configuration cannot be read: entry 2 has no key. Open the run with the version of Refold that wrote it.",
  ]);
  expect(configurationFromEntries({}).isErr()).toBe(true);
});
