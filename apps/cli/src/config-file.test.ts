import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import type { ConfigurationLayer } from "@refold/runtime";
import { systemClock } from "refold";

import { loadConfigFile, MAX_CONFIG_FILE_BYTES, type ConfigFileRequest } from "./config-file.ts";
import type { CliFault } from "./cli-fault.ts";
import { EXIT } from "./exit-codes.ts";
import { importModule } from "./import-module.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "refold-config-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

/** Loads with the root as working directory and a flow in `flows`. */
function loadHere(request: Partial<ConfigFileRequest> = {}): ReturnType<typeof loadConfigFile> {
  return loadConfigFile(
    { flowFile: join(root, "flows/orders.flow.ts"), ...request },
    {
      cwd: root,
      host: { clock: systemClock, runtime: "test 1.0.0", refold: "0.0.0" },
      importModule,
    },
  );
}

async function settingsHere(request?: Partial<ConfigFileRequest>): Promise<ConfigurationLayer["settings"]> {
  const layer = (await loadHere(request))._unsafeUnwrap();
  if (layer === undefined) throw new Error("no file was found");
  expect(layer.source).toBe("file");
  expect(layer.faults).toEqual([]);
  return layer.settings;
}

async function faultHere(request?: Partial<ConfigFileRequest>): Promise<CliFault> {
  return (await loadHere(request))._unsafeUnwrapErr();
}

it("sets nothing where there is no file", async () => {
  expect((await loadHere())._unsafeUnwrap()).toBeUndefined();
});

it("reads JSON, and knows the line of a key that one line sets", async () => {
  await write("refold.config.json", '\uFEFF{\n  "flow": {\n    "shutdown.timeoutMs": 5\n  }\n}\n');
  expect(await settingsHere()).toEqual([
    {
      place: { scope: "flow" },
      key: "shutdown.timeoutMs",
      given: { form: "value", value: 5 },
      where: `${join(root, "refold.config.json")}:3`,
    },
  ]);
});

it("reads TOML, with keys in tables or with quotes", async () => {
  const path = join(root, "refold.config.toml");
  await write(
    "refold.config.toml",
    [
      "# timeoutMs = 1",
      "[flow]",
      "shutdown.timeoutMs = 5",
      '"log.durability" = "strict"',
      "[stages.priced.flowControl]",
      "windowRecords = 10",
      '[edges."orders -> priced"]',
      "flowControl.windowRecords = 20",
    ].join("\n"),
  );
  expect((await settingsHere()).map(({ place, key, given, where }) => [place, key, given, where])).toEqual([
    [{ scope: "flow" }, "shutdown.timeoutMs", { form: "value", value: 5 }, `${path}:3`],
    [{ scope: "flow" }, "log.durability", { form: "value", value: "strict" }, `${path}:4`],
    [{ scope: "stage", stage: "priced" }, "flowControl.windowRecords", { form: "value", value: 10 }, path],
    [
      { scope: "edge", edge: { from: "orders", to: "priced" } },
      "flowControl.windowRecords",
      { form: "value", value: 20 },
      path,
    ],
  ]);
});

it("reads the default export of a module, in packages of either kind", async () => {
  const module = "const timeoutMs: number = 5;\nexport default { flow: { 'shutdown.timeoutMs': timeoutMs } };\n";
  await write("esm/package.json", '{ "type": "module" }');
  await write("esm/refold.config.ts", module);
  await write("plain/refold.config.ts", module);
  await write("js/package.json", '{ "type": "module" }');
  await write("js/refold.config.js", module.replace(": number", ""));
  for (const named of ["esm/refold.config.ts", "plain/refold.config.ts", "js/refold.config.js"]) {
    const [setting] = await settingsHere({ named });
    expect(setting).toMatchObject({ given: { value: 5 }, where: join(root, named) });
  }
});

it("reads the same from the two examples of the documentation", async () => {
  const page = await readFile(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
  const files = page.split(/^## /m).find((section) => section.startsWith("In files")) ?? "";
  const example = (language: string): string =>
    new RegExp(`\n\`\`\`${language}\n(.*?)\`\`\``, "s").exec(files)?.[1] ?? "";
  await write("refold.config.toml", example("toml"));
  await write("named.ts", example("ts").replace(/^import .*$/m, "const config = <T>(given: T): T => given;"));
  const [fromToml, fromTs] = [await settingsHere(), await settingsHere({ named: "named.ts" })].map((settings) =>
    settings.map(({ where: _where, ...setting }) => setting),
  );
  expect(fromToml).toHaveLength(6);
  expect(fromTs).toEqual(fromToml);
});

it("takes the file beside the flow and not the one in the working directory, and does not merge them", async () => {
  await write("refold.config.json", '{ "flow": { "metrics.enabled": false } }');
  await write("flows/refold.config.toml", "flow.shutdown.timeoutMs = 5");
  expect((await settingsHere()).map(({ key }) => key)).toEqual(["shutdown.timeoutMs"]);
  expect((await settingsHere({ flowFile: join(root, "orders.flow.ts") })).map(({ key }) => key)).toEqual([
    "metrics.enabled",
  ]);
});

it("takes the file that is named, and looks for no other", async () => {
  await write("refold.config.json", "broken");
  await write("tests/slow.json", "{}");
  expect(await settingsHere({ named: "tests/slow.json" })).toEqual([]);
  expect(await faultHere({ named: "absent.toml" })).toEqual({
    exit: EXIT.refused,
    message: `There is no configuration file ${join(root, "absent.toml")}.`,
  });
});

it("refuses two files in one directory", async () => {
  await write("refold.config.json", "{}");
  await write("refold.config.toml", "");
  expect((await faultHere()).message).toBe(
    `In ${root} there are refold.config.json and refold.config.toml. Keep one of them, or name one with --config.`,
  );
});

it("names the place where a text stops being JSON or TOML", async () => {
  await write("broken.json", '{\n  "flow": {,}\n}');
  expect((await faultHere({ named: "broken.json" })).message).toBe(
    `The configuration file is not JSON:\n  ${join(root, "broken.json")}:2:12: this cannot stand here`,
  );
  await write("cut.json", '{\n  "flow": {');
  expect((await faultHere({ named: "cut.json" })).message).toContain("cut.json:2:12: it ends too early");
  await write("broken.toml", "[flow]\na = 1\na = 2\n");
  expect((await faultHere({ named: "broken.toml" })).message).toBe(
    `The configuration file is not TOML:\n  ${join(root, "broken.toml")}:3:1: trying to redefine an already defined table or value`,
  );
});

it("says what is wrong with a module", async () => {
  await write("package.json", '{ "type": "module" }');
  await write("throws.ts", 'throw new Error("no password");');
  const thrown = (await faultHere({ named: "throws.ts" })).message;
  expect(thrown).toContain(`The configuration file ${join(root, "throws.ts")} threw while it was loaded`);
  expect(thrown).toContain("no password");
  await write("named.ts", "export const config = {};");
  expect((await faultHere({ named: "named.ts" })).message).toContain("has no default export");
});

it("refuses what is no file of settings", async () => {
  await write("config.yaml", "a: 1");
  expect((await faultHere({ named: "config.yaml" })).message).toContain("has to end in .ts, .js, .json or .toml.");
  await write("directory.json/x", "");
  expect((await faultHere({ named: "directory.json" })).message).toContain("is a directory");
  await write("large.json", `{}${" ".repeat(MAX_CONFIG_FILE_BYTES)}`);
  expect((await faultHere({ named: "large.json" })).message).toContain(
    `has ${MAX_CONFIG_FILE_BYTES + 2} bytes, and at most ${MAX_CONFIG_FILE_BYTES} are read.`,
  );
});
