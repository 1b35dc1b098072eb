import { join } from "node:path";
import { expect, it } from "vitest";
import { REPOSITORY_ROOT } from "../workspace/packages.ts";
import { checkTypes } from "./check-types.ts";

const check = (code: string) =>
  checkTypes(
    new Map([[join(REPOSITORY_ROOT, "libs/core/README.example-1.ts"), code]]),
    join(REPOSITORY_ROOT, "tsconfig.tests.json"),
  );

it("passes an example that compiles, with imports as from its package, names unused, and await at the top", () => {
  expect(check(`import * as core from "@refold/core";\nconst unused = await Promise.resolve(1);\n`)).toBe("");
});

it("names the line of what does not compile", () => {
  expect(check(`\n\nconst text: string = 1;\nimport "@refold/absent";`)).toMatch(
    /README\.example-1\.ts\(3,7\): error TS2322[^]*README\.example-1\.ts\(4,8\): error/,
  );
});
