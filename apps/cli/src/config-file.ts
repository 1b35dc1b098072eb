import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";

import { err, ok, type Result } from "neverthrow";
import { parse as parseToml, TomlError } from "smol-toml";

import { fileLayer, type ConfigurationLayer } from "@refold/runtime";

import { refused, type CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import { EXIT } from "./exit-codes.ts";
import { jsonStop } from "./json-stop.ts";
import { lineOfKey } from "./line-of-key.ts";
import { loadModule } from "./load-module.ts";
import { oneLine } from "./rendering/safe-text.ts";
import { isUnusablePath } from "./unusable-path.ts";

/** The names that a configuration file is looked for under. */
const CONFIG_FILE_NAMES: readonly string[] = [
  "refold.config.ts",
  "refold.config.js",
  "refold.config.json",
  "refold.config.toml",
];

/** The largest configuration file, in bytes. */
export const MAX_CONFIG_FILE_BYTES: number = 1024 * 1024;

export interface ConfigFileRequest {
  /** The file of the flow, by its absolute path. */
  readonly flowFile: string;
  /** The configuration file, if it was named; nothing else is looked for then. */
  readonly named?: string;
}

/**
 * What the configuration file of a flow sets; undefined if there is none. The file lies beside the flow's file, or else
 * in the working directory: one file counts, the two are not merged. What it sets is not checked here.
 */
export async function loadConfigFile(
  { flowFile, named }: ConfigFileRequest,
  io: Pick<CliIo, "cwd" | "host" | "importModule">,
): Promise<Result<ConfigurationLayer | undefined, CliFault>> {
  if (named !== undefined) return load(resolve(io.cwd, named), io);
  for (const directory of new Set([dirname(flowFile), io.cwd])) {
    const found = await configFileIn(directory);
    if (found.isErr()) return err(found.error);
    if (found.value !== undefined) return load(found.value, io);
  }
  return ok(undefined);
}

async function configFileIn(directory: string): Promise<Result<string | undefined, CliFault>> {
  let present: readonly string[];
  try {
    present = await readdir(directory);
  } catch (cause) {
    return isMissing(cause)
      ? ok(undefined)
      : err({ exit: EXIT.machine, message: `The directory ${directory} cannot be read: ${messageOf(cause)}` });
  }
  const names = CONFIG_FILE_NAMES.filter((name) => present.includes(name));
  const [name] = names;
  if (names.length > 1) {
    return err(
      refused(`In ${directory} there are ${names.join(" and ")}. Keep one of them, or name one with --config.`),
    );
  }
  return ok(name === undefined ? undefined : join(directory, name));
}

async function load(
  path: string,
  io: Pick<CliIo, "host" | "importModule">,
): Promise<Result<ConfigurationLayer, CliFault>> {
  const extension = extname(path);
  switch (extension) {
    case ".json":
    case ".toml": {
      const text = await readText(path);
      return text.andThen((content) =>
        (extension === ".json" ? readJson(path, content) : readToml(path, content)).map((value) =>
          fileLayer({ path, value, lineOf: (key) => lineOfKey(content, key) }),
        ),
      );
    }
    case ".ts":
    case ".js": {
      const size = await checkSize(path);
      if (size.isErr()) return err(size.error);
      return (await importDefault(path, io)).map((value) => fileLayer({ path, value }));
    }
    default:
      return err(refused(`${path} is no configuration file: its name has to end in .ts, .js, .json or .toml.`));
  }
}

async function checkSize(path: string): Promise<Result<undefined, CliFault>> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return err(refused(`${path} is a directory. Name the configuration file in it.`));
    if (found.size <= MAX_CONFIG_FILE_BYTES) return ok(undefined);
    return err(
      refused(
        `The configuration file ${path} has ${found.size} bytes, and at most ${MAX_CONFIG_FILE_BYTES} are read. ` +
          "Keep settings in it alone.",
      ),
    );
  } catch (cause) {
    return err(unreadable(path, cause));
  }
}

async function readText(path: string): Promise<Result<string, CliFault>> {
  const size = await checkSize(path);
  if (size.isErr()) return err(size.error);
  try {
    const text = await readFile(path, "utf8");
    return ok(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch (cause) {
    return err(unreadable(path, cause));
  }
}

function readJson(path: string, text: string): Result<unknown, CliFault> {
  const stop = jsonStop(text);
  if (stop === undefined) return ok(JSON.parse(text) as unknown);
  const before = text.slice(0, stop);
  const line = before.split("\n").length;
  const column = stop - before.lastIndexOf("\n");
  const problem = stop === text.length ? "it ends too early" : "this cannot stand here";
  return err(refused(`The configuration file is not JSON:\n  ${path}:${line}:${column}: ${problem}`));
}

function readToml(path: string, text: string): Result<unknown, CliFault> {
  try {
    return ok(parseToml(text));
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const problem = (cause.message.split("\n")[0] ?? "").replace("Invalid TOML document: ", "");
    return err(refused(`The configuration file is not TOML:\n  ${path}:${cause.line}:${cause.column}: ${problem}`));
  }
}

async function importDefault(
  path: string,
  io: Pick<CliIo, "host" | "importModule">,
): Promise<Result<unknown, CliFault>> {
  const loaded = await loadModule(path, "configuration file", io);
  if (loaded.isErr()) return err(loaded.error);
  const exported = defaultOf(loaded.value);
  // A module that was compiled to CommonJS carries its default export one level down.
  const isCompiled = isRecord(exported) && "__esModule" in exported;
  const configuration = isCompiled ? defaultOf(exported) : exported;
  if (configuration !== undefined) return ok(configuration);
  return err(
    refused(
      `The configuration file ${path} has no default export. ` +
        'Write `export default config({ … })`, with `config` from "refold".',
    ),
  );
}

function defaultOf(module: unknown): unknown {
  return isRecord(module) ? module["default"] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function unreadable(path: string, cause: unknown): CliFault {
  if (isMissing(cause)) return refused(`There is no configuration file ${path}.`);
  const message = `The configuration file ${oneLine(path, 400)} cannot be read: ${oneLine(messageOf(cause), 400)}`;
  return isRecord(cause) && isUnusablePath(cause["code"]) ? refused(message) : { exit: EXIT.machine, message };
}

function isMissing(cause: unknown): boolean {
  return isRecord(cause) && (cause["code"] === "ENOENT" || cause["code"] === "ENOTDIR");
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
