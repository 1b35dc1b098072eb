import type { FoundRun } from "../find-run.ts";
import type { RunStatus } from "../run-status.ts";
import type { RecordedFailure, RunStory } from "../run-story.ts";
import { safeText } from "./safe-text.ts";
import { styledStatus } from "./status-style.ts";
import type { Style } from "./style.ts";
import { counted, countText, tableLines } from "./table.ts";
import { durationText, timeText } from "./time-text.ts";

export interface Story {
  readonly found: FoundRun;
  readonly story: RunStory;
  readonly status: RunStatus;
  readonly style: Style;
}

/** A run for people: the facts, the lifecycle of each machine, the records of each lane, and why it failed. */
export function storyLines(told: Story): readonly string[] {
  const { story, style } = told;
  return [
    ...facts(told),
    "",
    style.bold("Lifecycle"),
    ...lifecycle(story),
    "",
    style.bold("Records"),
    ...lanes(story),
    ...(story.failure === undefined ? [] : ["", style.bold("Failure"), ...failure(story.failure, style)]),
  ];
}

function facts({ found, story, status, style }: Story): readonly string[] {
  const { runId, flow, durability, fingerprint, replayOf, source, createdAtMs } = found.manifest;
  const reason = story.seal?.reason;
  const rows: (readonly [string, string] | undefined)[] = [
    ["flow", safeText(flow)],
    [
      "status",
      `${styledStatus(status, style)}${reason === undefined ? "" : `: ${safeText(reason)}`}${statusNote(status)}`,
    ],
    ["recorded", timeText(createdAtMs)],
    story.lastTimeMs === undefined ? undefined : ["took", durationText(Math.max(0, story.lastTimeMs - createdAtMs))],
    ["log", `${counted(story.records, "record")} in ${counted(story.frames, "frame")}, ${durability}`],
    ...story.epochs.map(
      ({ epoch }) => ["runtime", `${safeText(epoch.runtime)}, refold ${safeText(epoch.refold)}`] as const,
    ),
    replayOf === undefined ? undefined : ["replay of", replayOf],
    source === undefined ? undefined : ["source", `${safeText(source.path)} (sha256 ${source.sha256.slice(0, 12)})`],
    ["topology", fingerprint.slice(0, 12)],
    story.seal === undefined || story.seal.digest === "" ? undefined : ["digest", safeText(story.seal.digest)],
    ["kept in", found.location],
  ];
  const shown = rows.filter((row) => row !== undefined);
  return [`${style.bold("Run")} ${runId}`, ...shown.map(([name, text]) => `  ${style.dim(name.padEnd(9))} ${text}`)];
}

function statusNote(status: RunStatus): string {
  return status === "interrupted" ? ": it has no end on record, because its process died or could not write on" : "";
}

/** Times are counted from the first record. */
function lifecycle({ machines, firstTimeMs }: RunStory): readonly string[] {
  const start = firstTimeMs ?? 0;
  const width = Math.max(0, ...[...machines.keys()].map((name) => safeText(name).length));
  return [...machines].map(([name, { initial, passages }]) => {
    const states = passages.map(
      ({ state, timeMs }) => `${safeText(state)} +${durationText(Math.max(0, timeMs - start))}`,
    );
    return `  ${safeText(name).padEnd(width)}  ${[safeText(initial), ...states].join(" → ")}`;
  });
}

function lanes(story: RunStory): readonly string[] {
  const rows = story.lanes.map(({ name, kinds }) => {
    const data = kinds.get("data") ?? 0;
    const total = [...kinds.values()].reduce((sum, count) => sum + count, 0);
    const others = [...kinds].filter(([kind]) => kind !== "data").map(([kind, count]) => `${countText(count)} ${kind}`);
    return [safeText(name), countText(total), countText(data), others.join(", ")];
  });
  return tableLines(
    [{ title: "lane" }, { title: "records", align: "right" }, { title: "data", align: "right" }, { title: "others" }],
    rows,
  );
}

/** A failure as it stands on record, or as a run that has just ended reports it. */
export function failure(
  fault: Partial<RecordedFailure> & { stage: string; message: string },
  style: Style,
): readonly string[] {
  const { stage, message, input, stack } = fault;
  const at = input === undefined ? "" : `, at the input ${safeText(input)}`;
  const frames = stack === undefined ? [] : stackFrames(stack);
  return [
    `  stage ${style.bold(safeText(stage))}${at}: ${style.red(safeText(message))}`,
    ...frames.map((line) => `    ${style.dim(line)}`),
  ];
}

/** The frames of a stack that are in the author's code, without the message, which is told apart. `--json` gives it whole. */
function stackFrames(stack: string): readonly string[] {
  const lines = safeText(stack)
    .split("\n")
    .map((line) => line.trim());
  return lines.filter(
    (line) => /^at /.test(line) && !/[/\\](@refold|libs)[/\\]runtime[/\\]|[( ](node|ext|native):/.test(line),
  );
}
