import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lintTarball } from "./lint-tarball.ts";
import { packPublic, type Tarball } from "./pack.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "refold-pack-test-"));
  write("package.json", JSON.stringify({ name: "root", private: true, workspaces: ["open", "closed"] }));
  write("closed/package.json", JSON.stringify({ name: "closed", version: "1.0.0", private: true }));
  write("open/src/index.ts", "export const one = 1;\n");
  write("open/dist/index.js", "export const one = 1;\n");
  write("open/dist/index.d.ts", "export declare const one = 1;\n");
  manifest({ types: "./dist/index.d.ts", default: "./dist/index.js" });
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(file: string, content: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), content);
}

function manifest(entry: object): void {
  const license = "Apache-2.0";
  const exports = { ".": entry };
  write("open/package.json", JSON.stringify({ name: "open", version: "1.0.0", type: "module", license, exports }));
}

function packOpen(): Tarball {
  const [tarball, ...others] = packPublic(root, root);
  if (tarball === undefined || others.length > 0) throw new Error("expected one public package");
  return tarball;
}

it("packs the public packages only, and finds nothing wrong with a sound one", async () => {
  expect(packOpen().name).toBe("open");
  expect(await lintTarball(packOpen())).toEqual([]);
});

it("finds an entry that is not packed", async () => {
  manifest({ types: "./dist/index.d.ts", default: "./dist/main.js" });
  expect((await lintTarball(packOpen())).join("\n")).toMatch(/^open: publint: .*main\.js/m);
});

it("finds types that promise another kind of module", async () => {
  write("open/dist/index.d.cts", "export declare const one = 1;\n");
  manifest({ types: "./dist/index.d.cts", default: "./dist/index.js" });
  expect((await lintTarball(packOpen())).join("\n")).toMatch(/^open: attw: .*FalseCJS/m);
});

it("finds tests among the packed files", async () => {
  write("open/src/index.test.ts", "");
  expect(await lintTarball(packOpen())).toContain("open: src/index.test.ts is packed, and is of no use to anyone");
});
