import { describe, expect, it } from "vitest";

import { configuredFlow } from "../../test/configured-flow.ts";
import { commandLineLayer } from "./command-line-layer.ts";
import type { ConfigurationFault } from "./configuration-fault.ts";
import type { ConfigurationLayer } from "./configuration-layer.ts";
import { environmentLayer } from "./environment-layer.ts";
import { explainConfigurationFault } from "./explain-configuration-fault.ts";
import { resolveConfiguration } from "./resolve-configuration.ts";
import { codeLayer, fileLayer } from "./structured-layer.ts";

const topology = configuredFlow();

function faultsOf(...layers: ConfigurationLayer[]): readonly ConfigurationFault[] {
  return resolveConfiguration({ layers, topology })._unsafeUnwrapErr();
}

const file = (value: unknown): ConfigurationLayer => fileLayer({ path: "refold.config.ts", value });

/** The kind and the sentence of the only fault. */
function told(...layers: ConfigurationLayer[]): readonly [string, string] {
  const [only, ...others] = faultsOf(...layers);
  if (only === undefined) throw new Error("nothing was refused");
  expect(others).toEqual([]);
  return [only.kind, explainConfigurationFault(only)];
}

describe("refuses, with the nearest name,", () => {
  it("a key", () => {
    expect(told(file({ flow: { "shutdown.timeout": 1 } }))).toEqual([
      "unknown-key",
      'In refold.config.ts, "shutdown.timeout" is not a key. Did you mean "shutdown.timeoutMs"?',
    ]);
    expect(told(commandLineLayer(["windowRecords=1"]))[1]).toBe(
      'On the command line (--set windowRecords=1), "windowRecords" is not a key. Did you mean "flowControl.windowRecords"?',
    );
    expect(told(file({ flow: { colour: "red" } }))[1]).toBe(
      'In refold.config.ts, "colour" is not a key. docs/configuration.md lists the keys.',
    );
  });

  it("a key that every object has", () => {
    expect(told(commandLineLayer(["toString=1"]))[0]).toBe("unknown-key");
    expect(told(file({ flow: { constructor: 1 } }))[0]).toBe("unknown-key");
  });

  it("a variable", () => {
    expect(told(environmentLayer({ REFOLD_SHUTDOWN__TIMEOUT: "1" }))).toEqual([
      "unknown-key",
      'In the environment (REFOLD_SHUTDOWN__TIMEOUT), "REFOLD_SHUTDOWN__TIMEOUT" is not a key. Did you mean "REFOLD_SHUTDOWN__TIMEOUT_MS"?',
    ]);
  });

  it("a stage", () => {
    expect(told(codeLayer({ stages: { pricd: { "stage.stepInputs": 1 } } }))).toEqual([
      "unknown-stage",
      'In the code, "pricd" is not a stage of this flow. Did you mean "priced"?',
    ]);
    expect(told(commandLineLayer(["stage:zzz.stage.stepInputs=1"]))[1]).toBe(
      'On the command line (--set stage:zzz.stage.stepInputs=1), "zzz" is not a stage of this flow. Name one of its stages.',
    );
  });

  it("an edge, also one that is the wrong way round", () => {
    expect(told(codeLayer({ edges: { "order->priced": { "flowControl.mode": "off" } } }, "orders.flow.ts"))).toEqual([
      "unknown-edge",
      'In the code (orders.flow.ts), "order -> priced" is not an edge of this flow. Did you mean "orders -> priced"?',
    ]);
    expect(told(codeLayer({ edges: { "priced->orders": { "flowControl.mode": "off" } } }))[1]).toBe(
      'In the code, "priced -> orders" is not an edge of this flow. Did you mean "orders -> priced"?',
    );
    expect(told(codeLayer({ edges: { "orders->report": { "flowControl.mode": "off" } } }))[1]).toMatch(
      /Did you mean|Name two stages/,
    );
  });

  it("a section", () => {
    expect(told(file({ stage: { priced: {} } }))).toEqual([
      "unknown-section",
      'In refold.config.ts, "stage" is not a section. Put keys into a section: global, flow, stages, edges, flows.',
    ]);
    expect(told(file({ edge: {} }))[1]).toBe('In refold.config.ts, "edge" is not a section. Did you mean "edges"?');
    expect(told(file({ flows: { orders: { global: {} } } }))[1]).toBe(
      'In refold.config.ts, "global" is not a section. The sections are flow, stages, edges.',
    );
  });
});

describe("refuses", () => {
  it("a key that is written outside of a section", () => {
    expect(told(file({ "flowControl.mode": "off" }))[1]).toBe(
      'In refold.config.ts, "flowControl.mode" is not a section. Put keys into a section: global, flow, stages, edges, flows.',
    );
  });

  it("what should be an object and is not", () => {
    expect(told(file("strict"))).toEqual([
      "malformed-section",
      'In refold.config.ts, the configuration is "strict". It has to be an object.',
    ]);
    expect(told(file({ stages: [1] }))[1]).toBe("In refold.config.ts, stages is a list. It has to be an object.");
    expect(told(file({ flows: { orders: null } }))[1]).toBe(
      "In refold.config.ts, flows.orders is null. It has to be an object.",
    );
    expect(told(file({ stages: { priced: 10 } }))[1]).toBe(
      "In refold.config.ts, stages.priced is 10. It has to be an object.",
    );
    expect(told(file({ flow: new Map([["metrics.enabled", true]]) }))[0]).toBe("malformed-section");
  });

  it("a name that is no edge", () => {
    expect(told(file({ edges: { "orders, priced": {} } }))).toEqual([
      "malformed-edge",
      'In refold.config.ts, "orders, priced" does not name an edge. Write it as "from -> to".',
    ]);
    for (const name of ["->priced", "orders->", "a->b->c", "->"])
      expect(told(file({ edges: { [name]: {} } }))[0]).toBe("malformed-edge");
    expect(told(commandLineLayer(["edge:orders.flowControl.mode=off"]))[1]).toContain(
      '"orders" does not name an edge.',
    );
  });

  it("what is no assignment, as when a shell took the arrow for a redirection", () => {
    expect(told(commandLineLayer(["edge:orders-"]))).toEqual([
      "malformed-setting",
      'On the command line (--set edge:orders-), "edge:orders-" is not a setting. Write key=value, global:key=value, ' +
        "stage:name.key=value or edge:from->to.key=value. Put it in quotes: a shell takes > for a redirection.",
    ]);
    for (const text of [
      "",
      "=",
      "=1",
      "stage:=1",
      "stage:priced=1",
      "stage:.x=1",
      "flows:orders.x=1",
      "edge:orders->priced=1",
    ]) {
      expect(told(commandLineLayer([text]))[0]).toBe("malformed-setting");
    }
    expect(told(environmentLayer({ REFOLD_SET: "metrics.enabled" }))[1]).toContain("In the environment (REFOLD_SET), ");
  });

  it("a key in a scope that is too narrow", () => {
    expect(told(file({ stages: { priced: { "shutdown.timeoutMs": 1 } } }))).toEqual([
      "wrong-scope",
      'In refold.config.ts, "shutdown.timeoutMs" is set for a stage. It can be set for all flows or the flow.',
    ]);
    expect(told(commandLineLayer(["edge:orders->priced.stage.stepInputs=1"]))[0]).toBe("wrong-scope");
  });

  it("a setting that would do nothing", () => {
    expect(told(file({ stages: { priced: { "sink.batchInputs": 1 } } }))).toEqual([
      "without-effect",
      'In refold.config.ts, "sink.batchInputs" is set for the transform "priced", where it would do nothing: it acts on sinks. Remove it, or set it there.',
    ]);
    expect(told(file({ stages: { report: { "stage.stepInputs": 1 } } }))[1]).toContain(
      "stages but sinks and observers",
    );
    expect(told(file({ stages: { orders: { "flowControl.mode": "off" } } }))[1]).toContain(
      'the source "orders", where it would do nothing: it acts on edges into a stage.',
    );
    expect(told(file({ edges: { "orders -> priced": { "contracts.delivery": "warn" } } }))[1]).toContain(
      'the edge "orders -> priced", where it would do nothing: it acts on edges into a sink.',
    );
    expect(told(file({ stages: { report: { "contracts.source": "warn" } } }))[1]).toContain("edges out of a source");
    expect(told(file({ edges: { "orders -> priced": { "divergence.depthHops": 3 } } }))[1]).toContain(
      "edges on a cycle",
    );
    const fine = { stages: { priced: { "contracts.source": "warn", "divergence.depthHops": 3 } } };
    expect(resolveConfiguration({ layers: [file(fine)], topology }).isOk()).toBe(true);
  });

  it("a value of another type", () => {
    expect(told(file({ flow: { "log.durability": "fast" } }))).toEqual([
      "wrong-type",
      'In refold.config.ts, "log.durability" is "fast". It takes buffered, durable or strict.',
    ]);
    expect(told(commandLineLayer(["metrics.enabled=yes"]))[1]).toContain(
      '"metrics.enabled" is yes. It takes true or false.',
    );
    expect(told(commandLineLayer(["metrics.enabled="]))[1]).toContain('"metrics.enabled" is empty.');
    for (const value of ["5", 1.5, Number.NaN, null, [], {}, true, "never", () => 1, Symbol("x")]) {
      expect(told(file({ flow: { "shutdown.timeoutMs": value } }))[0]).toBe("wrong-type");
    }
    for (const text of ["1.5", "1e3", "0x10", "five", "1_000", "never", "Infinity"]) {
      expect(told(commandLineLayer([`shutdown.timeoutMs=${text}`]))[0]).toBe("wrong-type");
    }
  });

  it("a value of any length, and shows its beginning", () => {
    const long = "x".repeat(1000);
    const shown = `${"x".repeat(60)}…`;
    expect(told(commandLineLayer([`metrics.enabled=${long}`]))[1]).toContain(` is ${shown}. It takes`);
    expect(told(file({ flow: { "metrics.enabled": long } }))[1]).toContain(` is "${shown}". It takes`);
  });

  it("a number beyond its limits, and takes the limits themselves", () => {
    expect(
      told(
        fileLayer({ path: "refold.config.toml", value: { flow: { "flowControl.windowRecords": 0 } }, lineOf: () => 3 }),
      ),
    ).toEqual([
      "out-of-range",
      'In refold.config.toml:3, "flowControl.windowRecords" is 0. It takes a whole number of records from 1 to 1,000,000.',
    ]);
    expect(told(environmentLayer({ REFOLD_FLOW_CONTROL__STALL_TIMEOUT_MS: "-1" }))[1]).toBe(
      'In the environment (REFOLD_FLOW_CONTROL__STALL_TIMEOUT_MS), "flowControl.stallTimeoutMs" is -1. ' +
        "It takes a whole number of milliseconds from 1 to 2,147,483,647, or never.",
    );
    for (const value of [0, 1_000_001, 10n ** 30n, 1e300]) {
      expect(told(file({ flow: { "flowControl.windowRecords": value } }))[0]).toBe("out-of-range");
    }
    for (const value of [1, 1_000_000]) {
      const layers = [file({ flow: { "flowControl.windowRecords": value } })];
      expect(resolveConfiguration({ layers, topology }).isOk()).toBe(true);
    }
  });

  it("thresholds of liveness in the wrong order, once for all edges that share them", () => {
    expect(told(commandLineLayer(["liveness.idleMs=60000"]))).toEqual([
      "out-of-order",
      'On the edge "orders -> priced", "liveness.idleMs", which is 60000 milliseconds (--set liveness.idleMs=60000), is not ' +
        'less than "liveness.suspectMs", which is 30000 milliseconds (default). Raise the second one, or lower the first.',
    ]);
    const apart = file({ edges: { "by.customer -> report": { "liveness.suspectMs": 120_000 } } });
    expect(told(apart)[1]).toContain(
      '"liveness.suspectMs", which is 120000 milliseconds (for by.customer -> report, refold.config.ts), is not less than',
    );
  });

  it("what is nested without end", () => {
    const endless: Record<string, unknown> = {};
    endless["again"] = endless;
    expect(told(file({ flow: endless }))[0]).toBe("unknown-key");
  });

  it("a key or a value that was written for another flow, whose stages are not known here", () => {
    const other = { stages: { unheard: { "stage.stepInput": 1 } }, flow: { "metrics.enabled": 1 } };
    expect(faultsOf(file({ flows: { other } })).map(({ kind }) => kind)).toEqual(["unknown-key", "wrong-type"]);
  });

  it("a stage or an edge once for each source, however many keys are set for it", () => {
    const keys = { "flowControl.mode": "off", "flowControl.windowRecords": 1 };
    const absent = { stages: { absent: keys }, edges: { "a -> b": keys } };
    const kinds = faultsOf(file(absent), commandLineLayer(["stage:absent.flowControl.mode=off"])).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(["unknown-stage", "unknown-edge", "unknown-stage"]);
  });

  it("everything at once, layer by layer", () => {
    const kinds = faultsOf(
      environmentLayer({ REFOLD_NO__SUCH: "1" }),
      file({ stages: { nowhere: { "no.such": 1 }, report: { "shutdown.timeoutMs": 0 } } }),
      commandLineLayer(["nothing"]),
    ).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(
      ["unknown-key", "unknown-stage", "unknown-key", "wrong-scope", "out-of-range", "malformed-setting"].toSorted(),
    );
  });
});
