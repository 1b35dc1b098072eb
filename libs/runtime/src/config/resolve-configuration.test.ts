import fc from "fast-check";
import { expect, it } from "vitest";

import type { EdgeEnds } from "@refold/topology";

import { configuredFlow } from "../../test/configured-flow.ts";
import { commandLineLayer } from "./command-line-layer.ts";
import type { Configuration } from "./configuration.ts";
import type { ConfigurationEntry } from "./configuration-entry.ts";
import { KEY_NAMES, SCOPES, specOf } from "./configuration-keys.ts";
import type { ConfigurationLayer, Setting } from "./configuration-layer.ts";
import { environmentLayer } from "./environment-layer.ts";
import { SOURCES } from "./origin.ts";
import { resolveConfiguration } from "./resolve-configuration.ts";
import type { ResolvedConfiguration } from "./resolved-configuration.ts";
import type { SettingPlace } from "./setting-place.ts";
import { codeLayer, fileLayer } from "./structured-layer.ts";

const topology = configuredFlow();
const EDGES: readonly EdgeEnds[] = topology.edges;
const KEYS = { flow: "shutdown.timeoutMs", stage: "stage.stepInputs", edge: "flowControl.windowRecords" } as const;
const STAGES_WITH_STEPS = ["orders", "priced", "by.customer"];

const resolve = (...layers: ConfigurationLayer[]): ResolvedConfiguration =>
  resolveConfiguration({ layers, topology })._unsafeUnwrap();

it("lets the narrowest scope win, then the strongest source, then what names the flow, then what comes later", () => {
  fc.assert(
    fc.property(fc.array(arbitraryLayer(), { maxLength: 8 }), (layers) => {
      const resolved = resolve(...layers);
      expect(resolved.flow(KEYS.flow)).toBe(expected(layers, KEYS.flow, { scope: "flow" }));
      for (const stage of STAGES_WITH_STEPS) {
        expect(resolved.stage(stage, KEYS.stage)).toBe(expected(layers, KEYS.stage, { scope: "stage", stage }));
      }
      for (const edge of EDGES) {
        expect(resolved.edge(edge, KEYS.edge)).toBe(expected(layers, KEYS.edge, { scope: "edge", edge }));
      }
    }),
    { seed: 20_260_101, numRuns: 500 },
  );
});

/** The ladder as it is told, rung by rung: the first setting that is found on the way down is the one that counts. */
function expected(layers: readonly ConfigurationLayer[], key: keyof typeof DEFAULTS, target: SettingPlace): number {
  for (const scope of [...SCOPES].reverse()) {
    for (const source of SOURCES) {
      const ofSource = layers.filter((layer) => layer.source === source).flatMap(({ settings }) => settings);
      for (const flow of ["orders", undefined]) {
        const found = ofSource.findLast(
          (each) =>
            each.key === key && each.flow === flow && each.place.scope === scope && holdsFor(each.place, target),
        );
        if (found?.given.form === "value") return found.given.value as number;
      }
    }
  }
  return DEFAULTS[key];
}

const DEFAULTS = { [KEYS.flow]: 30_000, [KEYS.stage]: 256, [KEYS.edge]: 4096 } as const;

function holdsFor(place: SettingPlace, target: SettingPlace): boolean {
  if (place.scope === "global" || place.scope === "flow") return true;
  if (target.scope === "stage") return place.scope === "stage" && place.stage === target.stage;
  if (target.scope !== "edge") return false;
  if (place.scope === "stage") return place.stage === target.edge.to;
  return place.edge.from === target.edge.from && place.edge.to === target.edge.to;
}

function arbitraryLayer(): fc.Arbitrary<ConfigurationLayer> {
  const wide = fc.constantFrom<SettingPlace>({ scope: "global" }, { scope: "flow" });
  const stage = (names: readonly string[]): fc.Arbitrary<SettingPlace> =>
    fc.constantFrom(...names).map((name) => ({ scope: "stage", stage: name }));
  const edge = fc.constantFrom(...EDGES).map(({ from, to }): SettingPlace => ({ scope: "edge", edge: { from, to } }));
  const placed = fc.oneof(
    fc.record({ key: fc.constant(KEYS.flow), place: wide }),
    fc.record({ key: fc.constant(KEYS.stage), place: fc.oneof(wide, stage(STAGES_WITH_STEPS)) }),
    fc.record({
      key: fc.constant(KEYS.edge),
      place: fc.oneof(wide, stage(["priced", "by.customer", "report", "watch"]), edge),
    }),
  );
  const setting = fc
    .tuple(placed, fc.constantFrom(undefined, "orders", "another"), fc.integer({ min: 1, max: 16_000 }))
    .map(([{ key, place }, flow, value]): Setting => {
      const given = { form: "value", value } as const;
      return flow === undefined ? { key, place, given } : { key, place, given, flow };
    });
  return fc.record({
    source: fc.constantFrom("command line", "file", "environment", "code"),
    settings: fc.array(setting, { maxLength: 12 }),
    faults: fc.constant([]),
  });
}

it("gives every key its default when nothing is set", () => {
  expect(resolve().entries()).toEqual(
    KEY_NAMES.map((key) => ({ key, scope: "global", value: specOf(key).default, source: "default" })),
  );
});

it("sets the same from code, file, environment and command line", () => {
  const written: Configuration = {
    global: { "metrics.enabled": false },
    flow: { "shutdown.timeoutMs": 5000, "log.durability": "strict" },
    stages: { "by.customer": { "flowControl.windowRecords": 10 } },
    edges: { "orders -> priced": { "flowControl.stallTimeoutMs": "never" } },
  };
  const assigned = [
    "global:metrics.enabled=false",
    "shutdown.timeoutMs=5000",
    "flow:log.durability=strict",
    "stage:by.customer.flowControl.windowRecords=10",
    "edge:orders->priced.flowControl.stallTimeoutMs=never",
  ];
  const effective = (layer: ConfigurationLayer): readonly Partial<ConfigurationEntry>[] =>
    resolve(layer)
      .entries()
      .map(({ source: _source, where: _where, ...entry }) => entry);
  const fromCode = effective(codeLayer(written));
  expect(fromCode.filter(({ scope }) => scope === "edge")).toEqual([
    { key: "flowControl.stallTimeoutMs", scope: "edge", edge: { from: "orders", to: "priced" }, value: "never" },
  ]);
  expect(effective(fileLayer({ path: "refold.config.json", value: written }))).toEqual(fromCode);
  expect(effective(commandLineLayer(assigned))).toEqual(fromCode);
  expect(effective(environmentLayer({ REFOLD_SET: assigned.join("; ") }))).toEqual(fromCode);
});

it("lists the widest value of each key and every narrower one, with where they came from", () => {
  const resolved = resolve(
    codeLayer({ flow: { "flowControl.windowRecords": 1 } }),
    environmentLayer({ REFOLD_FLOW_CONTROL__WINDOW_RECORDS: "2" }),
    fileLayer({
      path: "refold.config.toml",
      value: { flows: { orders: { stages: { priced: { "flowControl.windowRecords": 3 } } } } },
      lineOf: () => 7,
    }),
    commandLineLayer(["edge:orders->priced.flowControl.windowRecords=4"]),
  );
  expect(resolved.entries().filter(({ key }) => key === "flowControl.windowRecords")).toEqual([
    {
      key: "flowControl.windowRecords",
      scope: "flow",
      value: 2,
      source: "environment",
      where: "REFOLD_FLOW_CONTROL__WINDOW_RECORDS",
    },
    {
      key: "flowControl.windowRecords",
      scope: "stage",
      stage: "priced",
      value: 3,
      source: "file",
      where: "refold.config.toml:7",
    },
    {
      key: "flowControl.windowRecords",
      scope: "edge",
      edge: { from: "orders", to: "priced" },
      value: 4,
      source: "command line",
      where: "--set edge:orders->priced.flowControl.windowRecords=4",
    },
  ]);
});

it("takes an object for the keys that begin with its name, as TOML nests them", () => {
  const nested = {
    flow: { shutdown: { timeoutMs: 5 }, metrics: { enabled: false } },
    stages: { priced: { stage: { stepInputs: 3 } } },
  };
  const resolved = resolve(fileLayer({ path: "refold.config.toml", value: nested }));
  expect(resolved.flow("shutdown.timeoutMs")).toBe(5);
  expect(resolved.flow("metrics.enabled")).toBe(false);
  expect(resolved.stage("priced", "stage.stepInputs")).toBe(3);
});

it("takes no account of what is undefined, and of variables that are empty or of others", () => {
  const untyped = { flow: { "shutdown.timeoutMs": undefined }, stages: undefined };
  const environment = { REFOLD_SHUTDOWN__TIMEOUT_MS: " ", REFOLD_RUNS: "runs", REFOLD_SET: "", HOME__X: "1" };
  const resolved = resolve(fileLayer({ path: "refold.config.ts", value: untyped }), environmentLayer(environment));
  expect(resolved.flow("shutdown.timeoutMs")).toBe(30_000);
});

it("takes several assignments in one variable, which is stronger than the variable of one key", () => {
  const resolved = resolve(
    environmentLayer({
      REFOLD_SET: "stage:priced.stage.stepInputs=2;\n shutdown.timeoutMs = 3 ;",
      REFOLD_SHUTDOWN__TIMEOUT_MS: "4",
    }),
  );
  expect(resolved.stage("priced", "stage.stepInputs")).toBe(2);
  expect(resolved.flow("shutdown.timeoutMs")).toBe(3);
});

it("finds the key behind a stage's name that looks like a part of one", () => {
  const { settings, faults } = commandLineLayer([
    "stage:a.stage.stage.stepInputs=1",
    "stage:a.b.stage.stepInput=1",
    "stage:a.stepInputs=1",
  ]);
  expect(faults).toEqual([]);
  expect(settings.map(({ place, key }) => [place, key])).toEqual([
    [{ scope: "stage", stage: "a.stage" }, "stage.stepInputs"],
    [{ scope: "stage", stage: "a.b" }, "stage.stepInput"],
    [{ scope: "stage", stage: "a" }, "stepInputs"],
  ]);
});
