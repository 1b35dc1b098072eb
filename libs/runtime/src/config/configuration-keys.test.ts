import { describe, expect, expectTypeOf, it } from "vitest";

import { config } from "./configuration.ts";
import { KEY_NAMES, scopesOf, specOf, type ConfigurationValues, type KeyOf } from "./configuration-keys.ts";
import { variableOf } from "./environment-layer.ts";
import { fitOf } from "./value-rule.ts";

describe("the table of keys", () => {
  it("has defaults that fit their rules", () => {
    for (const key of KEY_NAMES) expect([key, fitOf(specOf(key).rule, specOf(key).default)]).toEqual([key, "fits"]);
  });

  it("ends each key that has a number with its unit", () => {
    const ending = { milliseconds: "Ms", records: "Records", bytes: "Bytes", inputs: "Inputs", events: "Events" };
    const more: Record<string, RegExp> = { signals: /(Signals|signalsPerRecord)$/, hops: /Hops$/ };
    const endings = Object.entries(ending).map(([unit, text]) => [unit, new RegExp(`${text}$`)] as const);
    const byUnit = new Map([...endings, ...Object.entries(more)]);
    for (const key of KEY_NAMES) {
      const { rule } = specOf(key);
      if (rule.type === "whole") expect(key).toMatch(byUnit.get(rule.unit) ?? /no ending for this unit/);
    }
  });

  it("gives each key two parts", () => {
    for (const key of KEY_NAMES) expect(key).toMatch(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/);
  });

  it("gives each key a variable of its own", () => {
    expect(new Set(KEY_NAMES.map(variableOf)).size).toBe(KEY_NAMES.length);
  });

  it("lets a key stand wherever is not narrower than what bears it", () => {
    expect(scopesOf(specOf("shutdown.timeoutMs"))).toEqual(["global", "flow"]);
    expect(scopesOf(specOf("sink.batchInputs"))).toEqual(["global", "flow", "stage"]);
    expect(scopesOf(specOf("flowControl.mode"))).toEqual(["global", "flow", "stage", "edge"]);
  });
});

describe("the types of a configuration", () => {
  it("know the values of each key", () => {
    expectTypeOf<ConfigurationValues["flowControl.mode"]>().toEqualTypeOf<"off" | "track" | "enforce">();
    expectTypeOf<ConfigurationValues["flowControl.stallTimeoutMs"]>().toEqualTypeOf<number | "never">();
    expectTypeOf<ConfigurationValues["metrics.enabled"]>().toEqualTypeOf<boolean>();
    expectTypeOf<KeyOf<"stage">>().toEqualTypeOf<"stage.stepInputs" | "sink.batchInputs">();
  });

  it("refuse what resolving would refuse", () => {
    config({ flow: { "shutdown.timeoutMs": 5000, "log.durability": "strict" } });
    config({ stages: { priced: { "flowControl.windowRecords": 10 } } });
    config({ edges: { "orders -> priced": { "flowControl.stallTimeoutMs": "never" } } });
    // @ts-expect-error -- there is no such key
    config({ flow: { "shutdown.timeout": 5000 } });
    // @ts-expect-error -- a number is wanted
    config({ flow: { "shutdown.timeoutMs": "5000" } });
    // @ts-expect-error -- a stage has no deadline of its own
    config({ stages: { priced: { "shutdown.timeoutMs": 5000 } } });
    // @ts-expect-error -- an edge has two ends
    config({ edges: { priced: { "flowControl.mode": "off" } } });
    // @ts-expect-error -- there is no such section
    config({ stage: {} });
  });
});
