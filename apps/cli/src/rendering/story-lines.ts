import type { FoundRun } from "../find-run.ts";
import type { RunStatus } from "../run-status.ts";
import type { ControlEvent, RecordedFailure, RunStory } from "../run-story.ts";
import { epochLines } from "./epoch-lines.ts";
import { oneLine, safeText } from "./safe-text.ts";
import { stackFrames } from "./stack-frames.ts";
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

/**
 * A run for people: the facts, the processes that took it over, the lifecycle of each machine, what it was told while it went
 * on, the contracts and the liveness of its edges, the records of each lane, and why it failed.
 */
export function storyLines(told: Story): readonly string[] {
  const { story, style } = told;
  return [
    ...facts(told),
    ...section("Epochs", story.epochs.length > 1 ? epochLines(story.epochs, told.status) : [], style),
    "",
    style.bold("Lifecycle"),
    ...lifecycle(story),
    ...section("Control", control(story), style),
    ...section("Contracts", contracts(story, style), style),
    ...section("Liveness", liveness(story), style),
    "",
    style.bold("Records"),
    ...lanes(story),
    ...section("Failure", story.failure === undefined ? [] : failure(story.failure, style), style),
  ];
}

/** Nothing at all, where there is nothing to tell. */
function section(title: string, lines: readonly string[], style: Style): readonly string[] {
  return lines.length === 0 ? [] : ["", style.bold(title), ...lines];
}

function facts({ found, story, status, style }: Story): readonly string[] {
  const { runId, flow, durability, configuration, fingerprint, replayOf, forkOf, source, createdAtMs } = found.manifest;
  const reason = story.seal?.reason;
  const rows: (readonly [string, string] | undefined)[] = [
    ["flow", oneLine(flow)],
    [
      "status",
      `${styledStatus(status, style)}${reason === undefined ? "" : `: ${oneLine(reason)}`}${statusNote(status)}`,
    ],
    ["recorded", timeText(createdAtMs)],
    // A replay repeats the times on record, which say nothing of how long it took.
    story.lastTimeMs === undefined || replayOf !== undefined
      ? undefined
      : ["took", durationText(Math.max(0, story.lastTimeMs - createdAtMs))],
    ["log", `${counted(story.records, "record")} in ${counted(story.frames, "frame")}, ${durability}`],
    ...(story.epochs.length > 1 ? [] : story.epochs).map(
      ({ runtime, refold }) => ["runtime", `${oneLine(runtime)}, refold ${oneLine(refold)}`] as const,
    ),
    replayOf === undefined ? undefined : ["replay of", replayOf],
    forkOf === undefined ? undefined : ["fork of", `${forkOf.runId}, at frame ${forkOf.at}`],
    source === undefined ? undefined : ["source", `${oneLine(source.path)} (sha256 ${source.sha256.slice(0, 12)})`],
    configuration === undefined ? undefined : ["settings", settingsText(configuration)],
    ["topology", fingerprint.slice(0, 12)],
    story.seal === undefined || story.seal.digest === "" ? undefined : ["digest", oneLine(story.seal.digest)],
    ["kept in", found.location],
  ];
  const shown = rows.filter((row) => row !== undefined);
  return [`${style.bold("Run")} ${runId}`, ...shown.map(([name, text]) => `  ${style.dim(name.padEnd(9))} ${text}`)];
}

function settingsText(entries: readonly object[]): string {
  const own = entries.filter((entry) => !("source" in entry && entry.source === "default")).length;
  return `${own === 0 ? "all defaults" : `${counted(own, "value")} set, the rest defaults`} (--config lists them)`;
}

function statusNote(status: RunStatus): string {
  return status === "interrupted" ? ": it has no end on record, because its process died or could not write on" : "";
}

function lifecycle(story: RunStory): readonly string[] {
  const { machines } = story;
  const width = Math.max(0, ...machines.map(({ name }) => oneLine(name).length));
  return machines.map(({ name, initial, passages }) => {
    const states = passages.map(({ state, timeMs }) => `${oneLine(state)} ${sinceStart(story, timeMs)}`);
    return `  ${oneLine(name).padEnd(width)}  ${[oneLine(initial), ...states].join(" → ")}`;
  });
}

/** Times are counted from the first record. */
function sinceStart({ firstTimeMs = 0 }: RunStory, timeMs: number): string {
  return `+${durationText(Math.max(0, timeMs - firstTimeMs))}`;
}

function control(story: RunStory): readonly string[] {
  const said = ({ event, reason, deadlineMs }: ControlEvent): string =>
    [
      oneLine(event),
      ...(reason === undefined ? [] : [`reason ${oneLine(reason)}`]),
      ...(deadlineMs === undefined ? [] : [`deadline ${sinceStart(story, deadlineMs)}`]),
    ].join(", ");
  return lastOf(
    story.control.map((each) => `  ${sinceStart(story, each.timeMs)}  ${said(each)}`),
    story.control.length,
  );
}

function contracts({ contracts: judged }: RunStory, style: Style): readonly string[] {
  if (judged.length === 0) return [];
  const [titles = "", ...rows] = tableLines(
    [
      { title: "edge" },
      { title: "contract" },
      { title: "verdict" },
      { title: "advertised", align: "right" },
      { title: "read", align: "right" },
    ],
    judged.map(({ from, to, contract, verdict, advertised, read }) => [
      edgeText(from, to),
      contract,
      verdict,
      countText(advertised),
      countText(read),
    ]),
  );
  return [titles, ...rows.map((row, index) => (judged[index]?.verdict === "violated" ? style.red(row) : row))];
}

function liveness(story: RunStory): readonly string[] {
  const lines = story.liveness.map(
    ({ from, to, status, timeMs }) => `  ${sinceStart(story, timeMs)}  ${edgeText(from, to)}  ${status}`,
  );
  return lastOf(lines, story.livenessChanges);
}

/** A source's contract with itself has no edge. */
function edgeText(from: string, to: string): string {
  return from === to ? oneLine(from) : `${oneLine(from)} -> ${oneLine(to)}`;
}

const SHOWN = 20;

function lastOf(lines: readonly string[], total: number): readonly string[] {
  const shown = lines.slice(-SHOWN);
  return total > shown.length ? [`  ${countText(total - shown.length)} before these`, ...shown] : shown;
}

function lanes(story: RunStory): readonly string[] {
  const rows = story.lanes.map(({ name, kinds }) => {
    const data = kinds.get("data") ?? 0;
    const total = [...kinds.values()].reduce((sum, count) => sum + count, 0);
    const others = [...kinds].filter(([kind]) => kind !== "data").map(([kind, count]) => `${countText(count)} ${kind}`);
    return [oneLine(name), countText(total), countText(data), others.join(", ")];
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
  const at = input === undefined ? "" : `, at the input ${oneLine(input)}`;
  const frames = stack === undefined ? [] : stackFrames(stack);
  return [
    `  stage ${style.bold(oneLine(stage))}${at}: ${style.red(indented(message))}`,
    ...frames.map((line) => `    ${style.dim(line)}`),
  ];
}

/** The lines after the first one stand under it, so that no line of a message is taken for one of the story's own. */
function indented(message: string): string {
  return safeText(message).replaceAll("\n", "\n      ");
}
