import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { REPOSITORY_ROOT } from "../workspace/packages.ts";
import { exampleModule } from "./examples.ts";
import { runnableFences } from "./fences.ts";
import { readmes } from "./readmes.ts";

const home = process.cwd();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "refold-readme-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

for (const readme of readmes(REPOSITORY_ROOT)) {
  const path = join(REPOSITORY_ROOT, readme);
  for (const { number, line } of runnableFences(readFileSync(path, "utf8"))) {
    it(`${readme}, example ${number} (line ${line}), runs`, async () => {
      await import(/* @vite-ignore */ exampleModule(path, number));
      expect(process.exitCode ?? 0).toBe(0);
    });
  }
}

it("an example that does not exist is refused", async () => {
  await expect(import(/* @vite-ignore */ exampleModule(join(REPOSITORY_ROOT, "README.md"), 1000))).rejects.toThrow();
});
