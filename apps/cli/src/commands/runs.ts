import type { ListedRun, RunStore } from "@refold/core";
import { RecordDecoder } from "@refold/core";

import { storeFault } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { oneLine, safeText } from "../rendering/safe-text.ts";
import { styleFor } from "../rendering/style.ts";
import { tableLines } from "../rendering/table.ts";
import { durationText, timeText } from "../rendering/time-text.ts";
import { reportFault } from "../report-fault.ts";
import { runStatus, type RunStatus } from "../run-status.ts";
import { runsDirectory } from "../runs-directory.ts";

export interface RunsArgs {
  readonly runs?: string;
  readonly json?: boolean;
}

/** `refold runs`: every run there is, the oldest first. What is not a run is told apart, not left out. */
export async function runsCommand(args: RunsArgs, io: CliIo): Promise<ExitCode> {
  const directory = runsDirectory(args.runs, io);
  const store = io.openStore(directory);
  const listed = await store.list();
  if (listed.isErr()) return reportFault(storeFault(listed.error), io);
  const entries: Entry[] = [];
  for (const each of listed.value) entries.push(await examine(each, store));
  await io.stdout.write(args.json === true ? entries.map(entryJson).join("") : listText(entries));
  if (args.json !== true && entries.length === 0) void io.stderr.write(`There are no runs in ${directory}.\n`);
  const faults = entries.filter((entry) => entry.kind === "unreadable");
  if (faults.length > 0 && args.json !== true) {
    const style = styleFor(io.stderr, io.env);
    void io.stderr.write(
      ["Not readable as runs:", ...faults.map(({ fault }) => `  ${style.yellow("-")} ${safeText(fault)}`), ""].join(
        "\n",
      ),
    );
  }
  return EXIT.done;
}

type Entry =
  | {
      readonly kind: "run";
      readonly listed: Extract<ListedRun, { kind: "run" }>;
      readonly status: RunStatus;
      readonly endedAtMs: number | undefined;
    }
  | { readonly kind: "unreadable"; readonly location: string; readonly fault: string };

/** The last frame tells how the run stands. */
async function examine(listed: ListedRun, store: RunStore): Promise<Entry> {
  const { location } = listed;
  if (listed.kind === "unreadable") return { kind: "unreadable", location, fault: storeFault(listed.fault).message };
  const opened = await store.open(listed.manifest.runId);
  if (opened.isErr()) return { kind: "unreadable", location, fault: storeFault(opened.error).message };
  const reader = opened.value;
  try {
    const last = await reader.last();
    if (last.isErr()) return { kind: "unreadable", location, fault: storeFault(last.error).message };
    const records = last.value === undefined ? [] : new RecordDecoder().decode(last.value.body).unwrapOr([]);
    const seal = records.find((record) => record.kind === "seal");
    return { kind: "run", listed, status: runStatus(seal, reader), endedAtMs: last.value?.timeMs };
  } finally {
    await reader.close();
  }
}

function entryJson(entry: Entry): string {
  if (entry.kind === "unreadable") return `${jsonValue({ location: entry.location, fault: entry.fault })}\n`;
  const { manifest, location } = entry.listed;
  const { runId, flow, createdAtMs, durability, replayOf, source } = manifest;
  const optional = { ...(replayOf === undefined ? {} : { replayOf }), ...(source === undefined ? {} : { source }) };
  return `${jsonValue({ runId, flow, status: entry.status, createdAtMs, durability, ...optional, location })}\n`;
}

function listText(entries: readonly Entry[]): string {
  const runs = entries.filter((entry) => entry.kind === "run");
  if (runs.length === 0) return "";
  const rows = runs.map(({ listed: { manifest }, status, endedAtMs }) => [
    manifest.runId,
    oneLine(manifest.flow),
    status,
    timeText(manifest.createdAtMs),
    // A replay repeats the times on record, which say nothing of how long it took.
    endedAtMs === undefined || manifest.replayOf !== undefined
      ? ""
      : durationText(Math.max(0, endedAtMs - manifest.createdAtMs)),
    manifest.replayOf === undefined
      ? manifest.forkOf === undefined
        ? ""
        : `forks ${manifest.forkOf.runId}`
      : `replays ${manifest.replayOf}`,
  ]);
  const columns = ["run", "flow", "status", "recorded", "took", ""].map((title) => ({ title }));
  return `${tableLines(columns, rows).join("\n")}\n`;
}
