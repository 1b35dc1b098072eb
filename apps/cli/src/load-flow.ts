import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { err, ok, type Result } from "neverthrow";

import { isFlow, type Flow } from "@refold/runtime";

import { refused, type CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import { EXIT } from "./exit-codes.ts";
import { loadModule } from "./load-module.ts";
import { oneLine } from "./rendering/safe-text.ts";
import { isUnusablePath } from "./unusable-path.ts";

export interface LoadedFlow {
  readonly flow: Flow;
  /** The file that it came from, by its absolute path. What that file imports is not covered by the digest. */
  readonly source: { readonly path: string; readonly sha256: string };
}

/** Loads the flow that is the default export of `file`. */
export async function loadFlow(
  file: string,
  io: Pick<CliIo, "cwd" | "host" | "importModule">,
): Promise<Result<LoadedFlow, CliFault>> {
  const path = resolve(io.cwd, file);
  const bytes = await readFlowFile(path);
  if (bytes.isErr()) return err(bytes.error);
  const loaded = await loadModule(path, "flow file", io);
  if (loaded.isErr()) return err(loaded.error);
  const sha256 = createHash("sha256").update(bytes.value).digest("hex");
  return defaultFlow(loaded.value, path).map((flow) => ({ flow, source: { path, sha256 } }));
}

async function readFlowFile(path: string): Promise<Result<Uint8Array, CliFault>> {
  try {
    if ((await stat(path)).isDirectory()) {
      return err(refused(`${path} is a directory. Name the flow file in it.${await flowFilesIn(path)}`));
    }
    return ok(await readFile(path));
  } catch (cause) {
    const { code, message } = cause as { readonly code?: unknown; readonly message: string };
    if (code === "ENOENT" || code === "ENOTDIR") {
      return err(refused(`There is no file ${path}.${await flowFilesIn(dirname(path))}`));
    }
    const why = `The flow file ${oneLine(path, SHOWN_CHARACTERS)} cannot be read: ${oneLine(message, SHOWN_CHARACTERS)}`;
    return err(isUnusablePath(code) ? refused(why) : { exit: EXIT.machine, message: why });
  }
}

const SHOWN_CHARACTERS = 400;

const SHOWN_FILES = 5;

async function flowFilesIn(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => []);
  const flows = names.filter((name) => /\.flow\.[cm]?[jt]s$/.test(name)).sort();
  if (flows.length === 0) return "";
  const more = flows.length > SHOWN_FILES ? `, and ${flows.length - SHOWN_FILES} more` : "";
  return ` Flow files there: ${flows.slice(0, SHOWN_FILES).join(", ")}${more}.`;
}

function defaultFlow(loaded: unknown, path: string): Result<Flow, CliFault> {
  const how = `Write \`export default flow("name", (f) => { … })\`, with \`flow\` from "refold".`;
  const exported = moduleExports(loaded);
  if (!("default" in exported)) return err(refused(`${path} has no default export. ${how}`));
  if (isFlow(exported.default)) return ok(exported.default);
  return err(refused(`The default export of ${path} is ${kindOf(exported.default)}, not a flow. ${how}`));
}

/** A module that was compiled to CommonJS, and says so, is the default export of what was imported. */
function moduleExports(loaded: unknown): object {
  if (typeof loaded !== "object" || loaded === null) return {};
  const inner: unknown = "default" in loaded ? loaded.default : undefined;
  const compiled = typeof inner === "object" && inner !== null && "__esModule" in inner && inner.__esModule === true;
  return compiled ? inner : loaded;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
