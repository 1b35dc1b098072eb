import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import { flow } from "refold";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CliHarness } from "../test/cli-harness.ts";
import { loadFlow } from "./load-flow.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

const empty = flow("empty", () => undefined);

async function refusal(file: string): Promise<string> {
  const fault = (await loadFlow(file, cli))._unsafeUnwrapErr();
  expect(fault.exit).toBe(3);
  return fault.message;
}

it("gives the flow with its file's absolute path and SHA-256", async () => {
  // The digest of the empty text: FIPS 180-4, and `sha256sum /dev/null`.
  const sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const path = await cli.module("a.flow.ts", () => ({ default: empty }), "");
  expect((await loadFlow("a.flow.ts", cli))._unsafeUnwrap()).toEqual({ flow: empty, source: { path, sha256 } });
});

it("takes a module that was compiled to CommonJS as the module that it was", async () => {
  await cli.module("a.flow.ts", () => ({ default: { __esModule: true, default: empty } }));
  expect((await loadFlow("a.flow.ts", cli))._unsafeUnwrap().flow).toBe(empty);
  await cli.module("b.flow.ts", () => ({ default: { __esModule: true, other: 1 } }));
  expect(await refusal("b.flow.ts")).toMatch(/has no default export/);
});

it.each([
  [{}, /has no default export\. Write `export default flow/],
  [{ default: undefined }, /is undefined, not a flow/],
  [{ default: () => 1 }, /is a function, not a flow/],
  [{ default: [] }, /is an array, not a flow/],
  [{ default: { name: "x" } }, /is an object, not a flow/],
])("refuses the exports %j, and says what to write", async (exports, expected) => {
  await cli.module("a.flow.ts", () => exports);
  expect(await refusal("a.flow.ts")).toMatch(expected);
});

it("refuses a file that is not there, and names the flow files beside it", async () => {
  await cli.module("orders.flow.ts", () => ({}));
  await cli.module("note.txt", () => ({}));
  expect(await refusal("order.flow.ts")).toBe(
    `There is no file ${join(cli.cwd, "order.flow.ts")}. Flow files there: orders.flow.ts.`,
  );
  expect(await refusal("no/such/place.ts")).toBe(`There is no file ${join(cli.cwd, "no/such/place.ts")}.`);
});

it("refuses a path that leads in a circle, or is too long to be one", async () => {
  await symlink("b.flow.ts", join(cli.cwd, "a.flow.ts"));
  await symlink("a.flow.ts", join(cli.cwd, "b.flow.ts"));
  expect(await refusal("a.flow.ts")).toMatch(/a\.flow\.ts cannot be read: /);
  const long = await refusal("x".repeat(100_000));
  expect(long).toMatch(/cannot be read: /);
  expect(long.length).toBeLessThan(1000);
});

it("refuses a file that awaits what never settles, after half a minute", async () => {
  const delays: number[] = [];
  cli.clock = {
    ...cli.clock,
    schedule(delayMs, run) {
      delays.push(delayMs);
      queueMicrotask(run);
      return () => undefined;
    },
  };
  await cli.module("a.flow.ts", () => new Promise(() => undefined));
  expect(await refusal("a.flow.ts")).toMatch(
    /^The flow file \S+a\.flow\.ts was not loaded within 30\.0 s: .* not settled\.$/,
  );
  expect(delays).toEqual([30_000]);
});

it("leaves no timer behind when the file is loaded", async () => {
  let pending = 0;
  cli.clock = {
    ...cli.clock,
    schedule() {
      pending++;
      return () => void pending--;
    },
  };
  await cli.module("a.flow.ts", () => ({ default: empty }));
  expect((await loadFlow("a.flow.ts", cli)).isOk()).toBe(true);
  expect(pending).toBe(0);
});

it("refuses a directory", async () => {
  await mkdir(join(cli.cwd, "flows"));
  expect(await refusal("flows")).toMatch(/flows is a directory\./);
});

/** What the loaders were seen to throw. */
describe("a flow file that cannot be loaded", () => {
  const FILE = "/flows/a.flow.ts";
  const thrown = (name: string, message: string, fields: object = {}): Error =>
    Object.assign(new Error(message), { name, stack: undefined }, fields);
  const bunError = (line: number, column: number, message: string): object => ({
    message,
    position: { file: FILE, line, column },
  });

  it.each([
    [
      "esbuild's errors, whose columns count from 0",
      thrown(
        "TransformError",
        `Transform failed with 2 errors:\n${FILE}:3:8: ERROR: Expected ")"\n${FILE}:4:0: ERROR: Unexpected "}"`,
      ),
      ["does not compile", `  ${FILE}:3:9: Expected ")"`, `  ${FILE}:4:1: Unexpected "}"`],
    ],
    [
      "Bun's errors",
      thrown("AggregateError", "2 errors building", {
        errors: [bunError(3, 9, "Expected identifier"), bunError(4, 1, "Unexpected }")],
      }),
      ["does not compile", `  ${FILE}:3:9: Expected identifier`, `  ${FILE}:4:1: Unexpected }`],
    ],
    [
      "Deno's error, which it calls a missing module, with colours",
      thrown(
        "TypeError",
        `SyntaxError: Unexpected token\n  |\n3 |  const = 3;\n    at \u001b[36mfile://${FILE}\u001b[0m:\u001b[33m3\u001b[0m:9`,
        {
          code: "ERR_MODULE_NOT_FOUND",
        },
      ),
      ["does not compile", `  ${FILE}:3:9: Unexpected token`],
    ],
    [
      "Node's error for a name that is not exported",
      Object.assign(new SyntaxError("'refold' does not provide an export named 'nope'"), {
        stack: `file://${FILE}:1\nimport { nope }`,
      }),
      ["does not compile", `  ${FILE}:1: 'refold' does not provide an export named 'nope'`],
    ],
    [
      "Deno's error for a name that is not exported",
      new SyntaxError(`'refold' does not provide an export named 'nope' at file://${FILE}:1:10`),
      ["does not compile", `  ${FILE}:1:10: 'refold' does not provide an export named 'nope'`],
    ],
    [
      "an import that was not found",
      thrown("Error", `Cannot find module '/flows/b.ts' imported from ${FILE}`, { code: "ERR_MODULE_NOT_FOUND" }),
      ["an import was not found", `  Cannot find module '/flows/b.ts' imported from ${FILE}`],
    ],
    [
      "what the module throws, with the innermost place that is the author's",
      Object.assign(new RangeError("too much"), {
        stack: `RangeError: too much\n    at parse (node:url:1:1)\n    at x (/a/node_modules/x.js:1:1)\n    at load (file://${FILE}:7:3)\n    at ${FILE}:9:1`,
      }),
      ["threw while it was loaded", "  RangeError: too much", `  at ${FILE}:7:3`],
    ],
    ["a thrown text", "give me an error", ["threw while it was loaded", "  give me an error"]],
    ["a thrown null", null, ["threw while it was loaded", "  a thrown null"]],
  ])("is refused with %s", async (_, cause, [headline = "", ...lines]) => {
    await cli.module("a.flow.ts", () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- a module may throw anything
      throw cause;
    });
    const [first, ...rest] = (await refusal("a.flow.ts")).split("\n");
    expect(first).toContain(headline);
    expect(rest).toEqual(lines);
  });
});
