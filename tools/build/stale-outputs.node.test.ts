import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { staleOutputs } from "./stale-outputs.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "refold-stale-"));
  for (const each of ["src/codec", "dist/codec"]) mkdirSync(join(folder, each), { recursive: true });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (...files: string[]) => {
  for (const file of files) writeFileSync(join(folder, file), "");
};
const found = () => staleOutputs(folder).map((file) => relative(folder, file));

it("keeps what has a source, and the build information", () => {
  write("src/codec/encode.ts", "dist/.tsbuildinfo");
  write(...["js", "js.map", "d.ts", "d.ts.map"].map((ending) => `dist/codec/encode.${ending}`));
  expect(found()).toEqual([]);
});

it("finds all that was compiled from a source that is gone", () => {
  write("dist/codec/gone.js", "dist/codec/gone.d.ts", "dist/codec/gone.js.map");
  expect(found()).toEqual(["dist/codec/gone.d.ts", "dist/codec/gone.js", "dist/codec/gone.js.map"]);
});

it("finds compiled tests", () => {
  write("src/codec/encode.test.ts", "dist/codec/encode.test.js");
  expect(found()).toEqual(["dist/codec/encode.test.js"]);
});

it("finds nothing where nothing was built", () => {
  rmSync(join(folder, "dist"), { recursive: true });
  expect(found()).toEqual([]);
});
