import { isRunId, parseManifest, type ListedRun, type OpenFault, type RunId, type RunManifest } from "@refold/core";
import { err, ok, type Result } from "neverthrow";
import { existsSync, mkdirSync, type Dirent } from "node:fs";
import { open, readdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";

import { isSystemError, storageFault } from "./storage-fault.ts";
import { syncDirectory } from "./sync-directory.ts";

const MANIFEST = "manifest.json";

/** Makes the directory of a new run, and those above it, so that a power failure leaves them. Throws when it exists. */
export function makeDirectory(location: string): void {
  const flow = dirname(location);
  const made = missingFrom(flow);
  for (const directory of made) makeUnlessThere(directory);
  mkdirSync(location);
  syncDirectory(flow);
  for (const directory of made.reverse()) syncDirectory(dirname(directory));
}

/** The directories on the way to this one that are not there, the topmost first. */
function missingFrom(directory: string): string[] {
  const missing: string[] = [];
  for (let each = directory; !existsSync(each) && each !== dirname(each); each = dirname(each)) missing.push(each);
  return missing.reverse();
}

/**
 * One at a time, because a recursive call says of a file system that is read-only that something is missing. Another
 * process may make the same directory meanwhile.
 */
function makeUnlessThere(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (cause) {
    if (!isSystemError(cause, "EEXIST")) throw cause;
  }
}

/** Writes the manifest whole or not at all: to a file beside it that then takes its name. */
export async function writeManifest(directory: string, manifest: RunManifest): Promise<void> {
  const path = join(directory, MANIFEST);
  const beside = `${path}.new`;
  const file = await open(beside, "w");
  try {
    await file.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  syncDirectory(directory);
}

export async function readManifest(directory: string): Promise<Result<RunManifest, OpenFault>> {
  const path = join(directory, MANIFEST);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (isSystemError(cause, "ENOTDIR")) return notARun(directory, "it is not a directory");
    if (isSystemError(cause, "ENOENT")) return notARun(directory, `it has no ${MANIFEST}`);
    return err(storageFault("read", path, cause));
  }
  return parseManifest(text, path);
}

/** The directory of a run, among those of all flows. */
export async function findRun(store: string, runId: RunId): Promise<Result<string, OpenFault>> {
  const missing = err({ kind: "run-not-found", runId, location: store } as const);
  // Not a path that an id of another form might lead to.
  if (!isRunId(runId)) return missing;
  try {
    for (const flow of await entries(store)) {
      const location = join(store, flow.name, runId);
      if (flow.isDirectory() && existsSync(location)) return ok(location);
    }
    return missing;
  } catch (cause) {
    return err(storageFault("read", store, cause));
  }
}

/** Everything that stands where runs should stand. Throws what the file system throws. */
export async function listRuns(store: string): Promise<ListedRun[]> {
  const listed: ListedRun[] = [];
  for (const flow of await entries(store)) {
    const folder = join(store, flow.name);
    if (!flow.isDirectory()) {
      listed.push({
        kind: "unreadable",
        location: folder,
        fault: { kind: "not-a-run", location: folder, detail: "it is not a directory" },
      });
      continue;
    }
    for (const entry of await entries(folder)) listed.push(await listRun(join(folder, entry.name), entry.name));
  }
  return listed;
}

async function listRun(location: string, name: string): Promise<ListedRun> {
  const manifest = (await readManifest(location)).andThen((read) => checkName(read, name, location));
  return manifest.match(
    (read): ListedRun => ({ kind: "run", manifest: read, location }),
    (fault): ListedRun => ({ kind: "unreadable", location, fault }),
  );
}

/** A manifest belongs to the directory that has the name of its run. */
export function checkName(manifest: RunManifest, name: string, location: string): Result<RunManifest, OpenFault> {
  if (manifest.runId === name) return ok(manifest);
  const detail = `\`runId\` is ${manifest.runId}, which is not the name of its directory`;
  return err({ kind: "manifest-malformed", location: join(location, MANIFEST), detail });
}

/** In the order of their names. What begins with a dot belongs to the system or to other tools. */
async function entries(directory: string): Promise<Dirent[]> {
  try {
    const found = await readdir(directory, { withFileTypes: true });
    return found.filter((entry) => !entry.name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return [];
    throw cause;
  }
}

function notARun(location: string, detail: string): Result<never, OpenFault> {
  return err({ kind: "not-a-run", location, detail });
}
