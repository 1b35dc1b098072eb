import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";

import { err, ok, type Result } from "neverthrow";

import type { ListedRun, OpenFault, RunManifest, RunReader, RunStore } from "@refold/core";

import { refused, storeFault, type CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import type { ExitCode } from "./exit-codes.ts";
import { oneLine } from "./rendering/safe-text.ts";
import { timeText } from "./rendering/time-text.ts";
import { reportFault } from "./report-fault.ts";
import { runsDirectory } from "./runs-directory.ts";

export interface FoundRun {
  readonly store: RunStore;
  readonly manifest: RunManifest;
  readonly location: string;
}

export interface ReadableRun extends FoundRun {
  readonly reader: RunReader;
}

/** A run as it is named on the command line. */
interface Wanted {
  readonly run: string;
  readonly runs?: string;
}

/**
 * The run that `wanted` means: an id, the beginning of one that no other run has, `last` (the run recorded last, replays
 * left aside), or the path of a run's directory.
 */
async function findRun(wanted: string, directory: string, io: CliIo): Promise<Result<FoundRun, CliFault>> {
  if (/[/\\]/.test(wanted)) return findByPath(resolve(io.cwd, wanted), io);
  const store = io.openStore(directory);
  const listed = await store.list();
  if (listed.isErr()) return err(storeFault(listed.error));
  return choose(wanted, listed.value, directory).map((run) => ({ store, ...run }));
}

/** Finds a run and opens it for reading. */
export async function openRunFor({ run, runs }: Wanted, io: CliIo): Promise<Result<ReadableRun, CliFault>> {
  const found = await findRun(run, runsDirectory(runs, io), io);
  if (found.isErr()) return err(found.error);
  const reader = await found.value.store.open(found.value.manifest.runId);
  return reader.map((opened) => ({ ...found.value, reader: opened })).mapErr(storeFault);
}

/** Opens a run for as long as `use` takes. */
export async function withRun(
  wanted: Wanted,
  io: CliIo,
  use: (run: ReadableRun) => Promise<ExitCode>,
): Promise<ExitCode> {
  const opened = await openRunFor(wanted, io);
  if (opened.isErr()) return reportFault(opened.error, io);
  try {
    return await use(opened.value);
  } finally {
    await opened.value.reader.close();
  }
}

type Chosen = Omit<FoundRun, "store">;

function choose(wanted: string, listed: readonly ListedRun[], directory: string): Result<Chosen, CliFault> {
  const runs = listed.filter((each) => each.kind === "run");
  if (wanted === "last") return chooseLast(runs.map(chosen), directory);
  const prefix = wanted.toLowerCase();
  const matching = prefix === "" ? [] : runs.filter(({ manifest }) => manifest.runId.startsWith(prefix));
  const exact = matching.find(({ manifest }) => manifest.runId === prefix);
  const [only] = exact === undefined ? matching : [exact];
  if (only !== undefined && (exact !== undefined || matching.length === 1)) return ok(chosen(only));
  if (matching.length > 1) return err(refused(ambiguous(wanted, matching)));
  const unreadable = listed.find(
    (each) => each.kind === "unreadable" && basename(each.location).startsWith(prefix || "/"),
  );
  if (unreadable?.kind === "unreadable") return err(storeFault(unreadable.fault));
  return err(refused(missing(wanted, runs.map(chosen), directory)));
}

function chosen({ manifest, location }: Extract<ListedRun, { kind: "run" }>): Chosen {
  return { manifest, location };
}

function chooseLast(runs: readonly Chosen[], directory: string): Result<Chosen, CliFault> {
  const last = runs.findLast(({ manifest }) => manifest.replayOf === undefined);
  if (last !== undefined) return ok(last);
  return err(
    refused(`There is no run in ${directory}. Record one with \`refold run FILE\`, or name another place with --runs.`),
  );
}

const SHOWN_RUNS = 10;

function ambiguous(wanted: string, matching: readonly { readonly manifest: RunManifest }[]): string {
  const more = matching.length > SHOWN_RUNS ? [`  and ${matching.length - SHOWN_RUNS} more`] : [];
  return [
    `${matching.length} runs begin with ${shown(wanted)}. Give more of the id:`,
    ...matching.slice(-SHOWN_RUNS).map(runLine),
    ...more,
  ].join("\n");
}

function missing(wanted: string, runs: readonly Chosen[], directory: string): string {
  const first = `There is no run ${shown(wanted)} in ${directory}.`;
  if (runs.length === 0) return `${first} There are no runs at all; name another place with --runs.`;
  return [`${first} The nearest:`, ...nearest(wanted.toLowerCase(), runs).map(runLine)].join("\n");
}

const NEAREST = 3;

/** Those that share the longest beginning with what was wanted; the later ones among equals. */
function nearest(wanted: string, runs: readonly Chosen[]): readonly Chosen[] {
  const shared = (run: Chosen): number => sharedBeginning(run.manifest.runId, wanted);
  return [...runs]
    .reverse()
    .sort((a, b) => shared(b) - shared(a))
    .slice(0, NEAREST);
}

const SHOWN_CHARACTERS = 200;

/** What was typed, which may be anything of any length. */
function shown(wanted: string): string {
  return oneLine(wanted, SHOWN_CHARACTERS);
}

function sharedBeginning(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function runLine({ manifest }: { readonly manifest: RunManifest }): string {
  return `  ${manifest.runId}  ${oneLine(manifest.flow, SHOWN_CHARACTERS)}  ${timeText(manifest.createdAtMs)}`;
}

async function findByPath(path: string, io: CliIo): Promise<Result<FoundRun, CliFault>> {
  const kind = await stat(path).then(
    (found) => (found.isDirectory() ? "directory" : "file"),
    () => undefined,
  );
  if (kind === undefined) return err(refused(`There is no run at ${shown(path)}: nothing is there.`));
  const store = io.openStore(dirname(dirname(path)));
  const listed = await store.list();
  if (listed.isErr()) return err(storeFault(listed.error));
  const found = listed.value.find((each) => resolve(each.location) === path);
  if (found?.kind === "run") return ok({ store, ...chosen(found) });
  const detail = kind === "file" ? "it is not a directory" : "it has no manifest.json";
  const fault: OpenFault = found?.fault ?? { kind: "not-a-run", location: path, detail };
  return err(storeFault(fault));
}
