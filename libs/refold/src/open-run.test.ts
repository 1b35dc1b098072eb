import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { CreateFault, RunStore } from "@refold/core";

import {
  explainOpenRunFault,
  fileStore,
  flow,
  memoryStore,
  openRun,
  runtimeName,
  VERSION,
  type Flow,
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
        await openRun(doubling(out), { store, durability, source: { path: "flow.ts", sha256: "0".repeat(64) } })
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

  it("tells what the store refuses", async () => {
    const refused: CreateFault = { kind: "storage", operation: "mkdir", path: "/runs", cause: new Error("read-only") };
    const store: RunStore = { ...memoryStore(), create: async () => ({ isErr: () => true, error: refused }) as never };
    const fault = (await openRun(doubling(), { store }))._unsafeUnwrapErr();
    expect(fault).toEqual(refused);
    expect(explainOpenRunFault(fault)).toContain("/runs: read-only");
  });
});

it("has a row in docs/faults.md for the fault that it adds to those of the store", () => {
  const own: { readonly [K in Exclude<OpenRunFault, CreateFault>["kind"]]: true } = { "flow-invalid": true };
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
