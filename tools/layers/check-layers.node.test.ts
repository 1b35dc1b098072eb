import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkLayers } from "./check-layers.ts";

let root = "";
let folders: string[] = [];
beforeEach(() => {
  folders = [];
  root = mkdtempSync(join(tmpdir(), "refold-layers-"));
  write("package.json", {
    workspaces: ["libs/core", "libs/fsm", "libs/runtime", "libs/testkit", "libs/adapters/*", "apps/*"],
    devDependencies: { vitest: "4" },
  });
  addPackage("libs/core");
  addPackage("libs/runtime", ["core"]);
  write("libs/core/src/index.ts", `export { lane } from "./lane.ts";`);
  write("libs/core/src/lane.ts", `export const lane = 1;`);
  write("libs/runtime/src/index.ts", `import { lane } from "@refold/core";\nexport const kernel = lane;`);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(file: string, content: string | object): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), typeof content === "string" ? content : JSON.stringify(content));
}

/** Adds a package at version 1.0.0 that depends on the named packages of `libs`, and on others as given. */
function addPackage(folder: string, ours: readonly string[] = [], others: Record<string, string> = {}): void {
  const up = folder.replace(/[^/]+/g, "..");
  write(`${folder}/package.json`, {
    name: `@refold/${folder.split("/").at(-1) ?? ""}`,
    version: "1.0.0",
    exports: { ".": "./src/index.ts" },
    dependencies: { ...Object.fromEntries(ours.map((name) => [`@refold/${name}`, "1.0.0"])), ...others },
  });
  write(`${folder}/tsconfig.json`, { references: ours.map((name) => ({ path: `${up}/libs/${name}` })) });
  write(`${folder}/src/index.ts`, "export {};\n");
  if (!folders.includes(folder)) folders.push(folder);
  write("tsconfig.json", { references: folders.map((path) => ({ path })) });
}

it("finds nothing wrong with a sound workspace", () => {
  expect(checkLayers(root)).toEqual([]);
});

describe("layers", () => {
  it("refuses an import against the layers, with file and line", () => {
    write("libs/core/src/lane.ts", `export const lane = 1;\nexport type { kernel } from "@refold/runtime";`);
    expect(checkLayers(root)).toContain(
      "libs/core/src/lane.ts:2: the layer core may not import @refold/runtime, of the layer runtime",
    );
  });

  it.each([
    `import "@refold/runtime";`,
    `export { kernel } from "@refold/runtime";`,
    `export const later = () => import("@refold/runtime");`,
    `export type Kernel = import("@refold/runtime").Kernel;`,
    `export const late = require("@refold/runtime");`,
    `export const where = import.meta.resolve("@refold/runtime");`,
  ])("sees %s", (line) => {
    write("libs/core/src/lane.ts", line);
    expect(checkLayers(root)).toEqual([expect.stringContaining("the layer core may not import @refold/runtime")]);
  });

  it("is not misled by text that looks like an import", () => {
    write("libs/core/src/lane.ts", `export const text = 'import "@refold/runtime"'; // import "@refold/runtime"`);
    expect(checkLayers(root)).toEqual([]);
  });

  it("lets tests of a port use the testkit, and its sources not", () => {
    addPackage("libs/testkit", ["core"]);
    write("libs/testkit/src/index.ts", `import "@refold/core";`);
    write("libs/core/src/lane.test.ts", `import "@refold/testkit";`);
    expect(checkLayers(root)).toEqual([]);
    write("libs/core/src/lane.ts", `import "@refold/testkit";`);
    expect(checkLayers(root)).toHaveLength(1);
  });

  it("keeps the modules and the types of a runtime out of the inner layers, tests aside", () => {
    write("libs/core/src/lane.test.ts", `import "node:fs";`);
    write("libs/core/src/lane.ts", `/// <reference types="node" />\nimport "node:fs";`);
    expect(checkLayers(root)).toEqual([
      `libs/core/src/lane.ts:1: "node" belongs to a runtime, and the layer core knows none`,
      `libs/core/src/lane.ts:2: "node:fs" belongs to a runtime, and the layer core knows none`,
    ]);
  });

  it("wants modules of Node written so that every runtime knows them", () => {
    addPackage("apps/cli");
    write("apps/cli/src/index.ts", `import "fs";`);
    expect(checkLayers(root)).toEqual([`apps/cli/src/index.ts:1: write "node:fs", which every runtime knows`]);
  });

  it("refuses a package in a folder that has no layer", () => {
    write("package.json", { workspaces: ["libs/core", "libs/runtime", "libs/other"] });
    addPackage("libs/other");
    expect(checkLayers(root)).toEqual(["libs/other: no layer has this folder"]);
  });
});

describe("declarations of imports", () => {
  it("refuses an import of what the package does not declare", () => {
    write("libs/core/src/lane.ts", `import { ok } from "neverthrow";\nexport const lane = ok;`);
    expect(checkLayers(root)).toEqual([
      `libs/core/src/lane.ts:1: libs/core/package.json does not declare "neverthrow" among its dependencies`,
    ]);
  });

  it("lets tests alone use what the root declares for development", () => {
    write("libs/core/src/lane.test.ts", `import "vitest";`);
    expect(checkLayers(root)).toEqual([]);
    write("libs/core/src/lane.ts", `import "vitest";`);
    expect(checkLayers(root)).toHaveLength(1);
  });

  it("refuses an undeclared package of the workspace that the layers would allow", () => {
    addPackage("apps/cli");
    write("apps/cli/src/index.ts", `import "@refold/core";`);
    expect(checkLayers(root)).toEqual([
      `apps/cli/src/index.ts:1: apps/cli/package.json does not declare "@refold/core" among its dependencies`,
    ]);
  });
});

describe("entries", () => {
  it("refuses an import past the entry of another package", () => {
    write("libs/runtime/src/index.ts", `import "@refold/core";\nimport "@refold/core/src/lane.ts";`);
    expect(checkLayers(root)).toEqual([
      `libs/runtime/src/index.ts:2: "@refold/core/src/lane.ts" reaches past what @refold/core exports`,
    ]);
  });

  it("refuses a relative import out of the package, and of build output", () => {
    write(
      "libs/runtime/src/index.ts",
      `import "@refold/core";\nimport "../../core/src/lane.ts";\nimport "../dist/index.js";`,
    );
    expect(checkLayers(root)).toEqual([
      `libs/runtime/src/index.ts:2: "../../core/src/lane.ts" leaves the sources of @refold/runtime`,
      `libs/runtime/src/index.ts:3: "../dist/index.js" is build output; import its source`,
    ]);
  });

  it("lets tests share what is in the folder test, and sources not", () => {
    write("libs/core/test/lanes.ts", `import "vitest";`);
    write("libs/core/src/lane.test.ts", `import "../test/lanes.ts";`);
    expect(checkLayers(root)).toEqual([]);
    write("libs/core/src/lane.ts", `import "../test/lanes.ts";`);
    expect(checkLayers(root)).toHaveLength(1);
  });

  it("refuses that a source imports its own package by name", () => {
    write("libs/core/src/lane.ts", `import "@refold/core";`);
    expect(checkLayers(root)).toEqual([
      `libs/core/src/lane.ts:1: "@refold/core" is this package itself; use a relative import`,
    ]);
  });
});

describe("cycles", () => {
  it("names the files of a cycle, of types too", () => {
    write("libs/core/src/lane.ts", `import type { A } from "./a.ts";\nexport const lane = 1;`);
    write("libs/core/src/a.ts", `export { B } from "./b.ts";`);
    write("libs/core/src/b.ts", `import { lane } from "./lane.ts";`);
    expect(checkLayers(root)).toEqual([
      "libs/core/src/a.ts, libs/core/src/b.ts, libs/core/src/lane.ts: these files import one another in a cycle",
    ]);
  });

  it("names a file that imports itself", () => {
    write("libs/core/src/lane.ts", `import "./lane.ts";`);
    expect(checkLayers(root)).toEqual(["libs/core/src/lane.ts: these files import one another in a cycle"]);
  });

  it("takes two ways to the same file for no cycle", () => {
    write("libs/core/src/index.ts", `import "./a.ts";\nimport "./b.ts";`);
    write("libs/core/src/a.ts", `import "./lane.ts";`);
    write("libs/core/src/b.ts", `import "./lane.ts";`);
    expect(checkLayers(root)).toEqual([]);
  });
});

describe("manifests and references", () => {
  it("refuses a dependency that no source imports, once the package has any content", () => {
    addPackage("libs/runtime", ["core"], { neverthrow: "8" });
    expect(checkLayers(root)).toEqual([]);
    write("libs/runtime/src/index.ts", `export { lane } from "@refold/core";`);
    expect(checkLayers(root)).toEqual(["libs/runtime/package.json: depends on neverthrow, which no source imports"]);
  });

  it("refuses a version of a sibling other than its own", () => {
    addPackage("libs/runtime", [], { "@refold/core": "0.9.0" });
    write("libs/runtime/tsconfig.json", { references: [{ path: "../core" }] });
    write("libs/runtime/src/index.ts", `import "@refold/core";`);
    expect(checkLayers(root)).toEqual(["libs/runtime/package.json: asks for @refold/core 0.9.0, which is at 1.0.0"]);
  });

  it("refuses a dependency without a reference, and a reference without a dependency", () => {
    write("libs/runtime/tsconfig.json", { references: [] });
    write("libs/core/tsconfig.json", { references: [{ path: "../runtime" }] });
    expect(checkLayers(root)).toEqual([
      "libs/core/tsconfig.json: refers to libs/runtime, not a dependency",
      "libs/runtime/tsconfig.json: no reference to libs/core, a dependency",
    ]);
  });

  it("refuses a package that the build leaves out", () => {
    write("tsconfig.json", { references: [{ path: "libs/core" }] });
    expect(checkLayers(root)).toEqual(["tsconfig.json: no reference to libs/runtime, so it is not built"]);
  });
});
