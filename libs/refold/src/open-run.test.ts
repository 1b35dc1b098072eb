import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { CreateFault, RunStore } from "@refold/core";
import { configurationFromEntries } from "@refold/runtime";

import {
  commandLineLayer,
  environmentLayer,
  explainOpenRunFault,
  fileLayer,
  fileStore,
  flow,
  memoryStore,
  openRun,
  placeholder,
  runtimeName,
  VERSION,
  type Flow,
  type MetricsSnapshot,
  type OpenRunFault,
} from "./index.ts";

const doubling = (out: number[] = []): Flow =>
  flow("doubling", (f) =>
    f
      .source("numbers", [1, 2])
      .map("doubled", (n) => 2 * n)
      .sink("out", (n) => void out.push(n)),
  );

let directory = "";
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "refold-run-"))));
afterEach(() => rmSync(directory, { recursive: true }));

describe("openRun", () => {
  it("makes a run that waits to be told to run", async () => {
    const out: number[] = [];
    const store = memoryStore();
    const opened = (await openRun(doubling(out), { store }))._unsafeUnwrap();
    expect(opened.handle.state.kind).toBe("created");
    expect(out).toEqual([]);
    expect((await opened.handle.run()).status).toBe("completed");
    expect(out).toEqual([2, 4]);
    expect(opened.manifest).toMatchObject({ flow: "doubling", durability: "durable", runId: opened.handle.runId });
    expect(opened.location).toBe(store.locate(opened.manifest));
  });

  it("keeps a run in files at each level of durability", async () => {
    const store = fileStore({ directory });
    for (const durability of ["buffered", "durable", "strict"] as const) {
      const out: number[] = [];
      const { handle, manifest, location } = (
        await openRun(doubling(out), {
          store,
          configuration: { flow: { "log.durability": durability } },
          source: { path: "flow.ts", sha256: "0".repeat(64) },
        })
      )._unsafeUnwrap();
      expect((await handle.run()).status).toBe("completed");
      expect(out).toEqual([2, 4]);
      expect(location.startsWith(directory)).toBe(true);
      expect(manifest).toMatchObject({ durability, source: { path: "flow.ts" } });
      const reader = (await store.open(manifest.runId))._unsafeUnwrap();
      expect(reader.manifest).toEqual(manifest);
      expect(reader.writing).toBe(false);
      await reader.close();
    }
    expect((await store.list())._unsafeUnwrap()).toHaveLength(3);
  });

  it("gives runs ids that sort by the time of their making", async () => {
    const store = memoryStore();
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push((await openRun(doubling(), { store }))._unsafeUnwrap().manifest.runId);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(20);
  });

  it("tells all that is wrong with a flow, and makes no run of it", async () => {
    const store = memoryStore();
    const fault = (
      await openRun(
        flow("nothing", () => undefined),
        { store },
      )
    )._unsafeUnwrapErr();
    expect(fault).toMatchObject({
      kind: "flow-invalid",
      faults: [{ kind: "topology", fault: { kind: "empty-flow" } }],
    });
    expect(explainOpenRunFault(fault)).toMatch(/The flow has no stages/);
    expect((await store.list())._unsafeUnwrap()).toEqual([]);
  });

  it("refuses a flow of which a part is not written yet, with the reason, and makes no run of it", async () => {
    const store = memoryStore();
    const unfinished = flow("unfinished", (f) => {
      f.source("numbers", [1]).sink("out", placeholder("no account"));
    });
    const fault = (await openRun(unfinished, { store }))._unsafeUnwrapErr();
    expect(fault).toEqual({ kind: "flow-unfinished", placeholders: [{ stage: "out", why: "no account" }] });
    expect(explainOpenRunFault(fault)).toMatch(/not finished:\n {2}- Stage "out" .*no account/);
    expect((await store.list())._unsafeUnwrap()).toEqual([]);
  });

  it("tells what the store refuses", async () => {
    const refused: CreateFault = { kind: "storage", operation: "mkdir", path: "/runs", cause: new Error("read-only") };
    const store: RunStore = { ...memoryStore(), create: async () => ({ isErr: () => true, error: refused }) as never };
    const fault = (await openRun(doubling(), { store }))._unsafeUnwrapErr();
    expect(fault).toEqual(refused);
    expect(explainOpenRunFault(fault)).toContain("/runs: read-only");
  });
});

describe("what is set for a run", () => {
  const tuned: Flow = flow(
    "tuned",
    (f) =>
      f
        .source("numbers", [1, 2])
        .map("doubled", (n) => 2 * n)
        .sink("out", () => undefined),
    {
      configuration: {
        flow: { "log.durability": "buffered", "shutdown.timeoutMs": 1000, "metrics.intervalMs": 50 },
        stages: { doubled: { "stage.stepInputs": 7 } },
      },
    },
  );

  it("is what the flow carries, overridden by the program, then by the environment, then by the command line", async () => {
    const { manifest, configuration, handle } = (
      await openRun(tuned, {
        store: memoryStore(),
        configuration: { flow: { "shutdown.timeoutMs": 2000, "metrics.intervalMs": 60 } },
        layers: [
          commandLineLayer(["control.capacityEvents=12"]),
          environmentLayer({ REFOLD_METRICS__INTERVAL_MS: "70", REFOLD_CONTROL__CAPACITY_EVENTS: "11" }),
        ],
        source: { path: "tuned.flow.ts", sha256: "0".repeat(64) },
      })
    )._unsafeUnwrap();
    expect(configuration.flow("log.durability")).toBe("buffered");
    expect(configuration.flow("shutdown.timeoutMs")).toBe(2000);
    expect(configuration.flow("metrics.intervalMs")).toBe(70);
    expect(configuration.flow("control.capacityEvents")).toBe(12);
    expect(configuration.stage("doubled", "stage.stepInputs")).toBe(7);
    expect(manifest.durability).toBe("buffered");
    expect((await handle.run()).status).toBe("completed");
  });

  it("is on record with the run, each value with where it came from, and reads back the same", async () => {
    const store = fileStore({ directory });
    const { manifest, configuration } = (
      await openRun(tuned, {
        store,
        configuration: { edges: { "numbers -> doubled": { "flowControl.windowRecords": 9 } } },
        layers: [fileLayer({ path: "/etc/refold.config.json", value: { flow: { "sink.batchInputs": 3 } } })],
        source: { path: "/flows/tuned.flow.ts", sha256: "0".repeat(64) },
      })
    )._unsafeUnwrap();
    const kept = (await store.open(manifest.runId))._unsafeUnwrap();
    await kept.close();
    expect(kept.manifest.configuration).toEqual(configuration.entries());
    expect(configurationFromEntries(kept.manifest.configuration)._unsafeUnwrap().entries()).toEqual(
      configuration.entries(),
    );
    expect(kept.manifest.configuration).toEqual(
      expect.arrayContaining([
        {
          key: "stage.stepInputs",
          scope: "stage",
          stage: "doubled",
          value: 7,
          source: "code",
          where: "/flows/tuned.flow.ts",
        },
        {
          key: "flowControl.windowRecords",
          scope: "edge",
          edge: { from: "numbers", to: "doubled" },
          value: 9,
          source: "code",
        },
        { key: "sink.batchInputs", scope: "flow", value: 3, source: "file", where: "/etc/refold.config.json" },
        { key: "contracts.transport", scope: "global", value: "abort", source: "default" },
      ]),
    );
  });

  it("is refused with all that is wrong with it, and no run is made", async () => {
    const store = memoryStore();
    const fault = (
      await openRun(doubling(), {
        store,
        configuration: { stages: { dubled: { "stage.stepInputs": 7 } } },
        layers: [commandLineLayer(["log.durability=often"])],
      })
    )._unsafeUnwrapErr();
    expect(fault).toMatchObject({
      kind: "configuration-invalid",
      faults: [{ kind: "unknown-stage", nearest: "doubled" }, { kind: "wrong-type" }],
    });
    expect(explainOpenRunFault(fault)).toMatch(
      /^The configuration cannot be used:\n {2}- In the code, "dubled" .*"doubled"\?\n {2}- On the command line .*buffered/,
    );
    expect((await store.list())._unsafeUnwrap()).toEqual([]);
  });

  it("lets exporters have the final figures, and one that fails is told to the logger alone", async () => {
    const last: MetricsSnapshot[] = [];
    const warnings: string[] = [];
    const { handle } = (
      await openRun(doubling(), {
        store: memoryStore(),
        exporters: [
          { export: (snapshot) => void last.push(snapshot) },
          {
            export: () => {
              throw new Error("no collector");
            },
          },
        ],
        logger: { warn: (text) => void warnings.push(text), error: (text) => void warnings.push(text) },
      })
    )._unsafeUnwrap();
    const { report, metrics } = await handle.runWithMetrics();
    expect(report.status).toBe("completed");
    expect(last.at(-1)).toEqual(metrics);
    expect(metrics.stages.map((stage) => stage.in)).toEqual([2, 2, 2]);
    expect(warnings).toContain("a metrics exporter failed to export");
  });
});

it("has a row in docs/faults.md for each fault that it adds to those of the store", () => {
  const own: { readonly [K in Exclude<OpenRunFault, CreateFault>["kind"]]: true } = {
    "flow-invalid": true,
    "flow-unfinished": true,
    "configuration-invalid": true,
  };
  const page = readFileSync(new URL("../../../docs/faults.md", import.meta.url), "utf8");
  const section = page.split(/^## /m).find((part) => part.startsWith("refold\n")) ?? "";
  expect([...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1])).toEqual(Object.keys(own));
});

describe("the facade", () => {
  it("carries the version of its package", () => {
    const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(VERSION).toBe(manifest.version);
  });

  it("names the runtime with its version", () => {
    expect(runtimeName()).toMatch(/^(?:node|bun|deno) \d+\.\d+\.\d+/);
  });
});
