import type { Divergence, ReplayReport, StageVerdict } from "@refold/runtime";

import type { Replayed } from "../replayed.ts";
import { cascadeLines } from "./cascade-lines.ts";
import { oneLine, safeText } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { counted, countText, tableLines } from "./table.ts";
import { durationText } from "./time-text.ts";
import { previewValue } from "./value-preview.ts";

const SIDE_CHARACTERS = 400;

/** A replay that was made, and where it is kept: a verdict for each stage, the first divergence, and the sum of it. */
export function replayLines(replayed: Replayed, verify: string, style: Style): readonly string[] {
  const { recorded, candidate, location, report, tookMs } = replayed;
  return [
    `${style.bold("Replay")} of ${recorded.runId}, flow ${safeText(recorded.flow)}`,
    "",
    ...findingLines({ report, tookMs, verify }, style),
    `  replayed as  ${candidate.runId}`,
    `  kept in      ${location}`,
  ];
}

/** What a replay found, how long that took, and the command that finds it again. */
export interface Finding {
  readonly report: ReplayReport;
  readonly tookMs: number;
  readonly verify: string;
}

/** What a replay found: a verdict for each stage, the first divergence with both sides, and the sum of it. */
export function findingLines({ report, tookMs, verify }: Finding, style: Style): readonly string[] {
  return [
    ...verdictTable(report.stages),
    "",
    ...(report.first === undefined
      ? []
      : [...divergenceLines(report.first, style, report.chain), ...debugLines(report, verify), ""]),
    ...(report.cascade === undefined ? [] : cascadeLines(report.cascade, style)),
    ...report.leftOut.map((sentence) => `${style.yellow("Left out:")} ${safeText(sentence)}`),
    ...report.uncertified.map((sentence) => `${style.yellow("Not certified:")} ${safeText(sentence)}`),
    `${verdict(report, style)}, ${counted(report.records, "record")} in ${durationText(tookMs)}`,
  ];
}

export function verdictTable(stages: readonly StageVerdict[]): readonly string[] {
  const right = "right" as const;
  return tableLines(
    [
      { title: "stage" },
      { title: "kind" },
      { title: "from record", align: right },
      { title: "matched", align: right },
      { title: "diverged", align: right },
      { title: "" },
    ],
    stages.map(({ stage, kind, taken, matched, diverged, kinds, first }) => [
      safeText(stage),
      kind,
      countText(taken),
      countText(matched),
      countText(diverged),
      first === undefined ? "" : `${kindsText(kinds)}; first at ${first.place}`,
    ]),
  );
}

function kindsText(kinds: StageVerdict["kinds"]): string {
  const found = Object.entries(kinds).filter(([, count]) => count > 0);
  return found.map(([kind, count]) => `${countText(count)} ${kind === "handler-threw" ? "threw" : kind}`).join(", ");
}

function verdict({ verdict: found, first }: ReplayReport, style: Style): string {
  switch (found) {
    case "matched":
      return `${style.green("matched")}: all that is computed came out as it was recorded`;
    case "diverged":
      return `${style.red("diverged")}: first at ${first?.place ?? "an unknown place"}`;
    case "uncertified":
      return `${style.yellow("not certified")}: nothing differs, but not all could be checked`;
  }
}

/** How to step through what the first divergence came of, where that is one input that a handler took. */
function debugLines({ first }: ReplayReport, verify: string): readonly string[] {
  const [cause, ...others] = first?.causes ?? [];
  if (first === undefined || cause === undefined || others.length > 0 || cause.includes("..")) return [];
  return [`  debug       ${safeText(`${verify} --stage ${first.stage} --inspect-brk --break-at ${cause}`)}`];
}

const KINDS: { readonly [K in Divergence["kind"]]: string } = {
  changed: "was computed otherwise",
  missing: "was not computed again",
  extra: "was computed, but is not on record",
  "handler-threw": "was not computed, because the handler threw",
};

const CODES: { readonly [C in Divergence["code"]]: string } = {
  same: "the stage's own functions are as they were recorded, so something that they use is not: a constant, an import, a file, or time or chance that is not taken from the context",
  changed: "the stage's code has changed since it was recorded",
  "not-comparable": "the run was recorded on another runtime, so the stage's code cannot be compared",
};

const DIGITS = 12;

function fingerprintLines({ recorded, now }: Divergence["fingerprints"]): readonly string[] {
  if (recorded === undefined || now === undefined) return [];
  return [`              its fingerprint was ${recorded.slice(0, DIGITS)} and is ${now.slice(0, DIGITS)}`];
}

/** One divergence, with both sides, where they differ, and what is known of the code. */
export function divergenceLines(found: Divergence, style: Style, chain: readonly string[] = []): readonly string[] {
  const { place, lsn, kind, differences, code } = found;
  const causes = chain.length > 1 ? chain.map(safeText).join(" ← ") : found.causes.map(safeText).join(", ");
  const differing = differences.map(({ path, recorded, recomputed }) => {
    const both = `${style.green(oneLine(recorded, SIDE_CHARACTERS))} → ${style.red(oneLine(recomputed, SIDE_CHARACTERS))}`;
    return `    ${safeText(path)}  ${both}`;
  });
  return [
    `${style.bold("First divergence")}: ${style.bold(safeText(place))} (frame ${lsn}) ${KINDS[kind]}`,
    ...(causes === "" ? [] : [`  caused by   ${causes}`]),
    ...(kind === "extra" ? [] : [`  recorded    ${style.green(previewValue(found.recorded, SIDE_CHARACTERS))}`]),
    ...(kind === "missing" ? [] : [`  recomputed  ${style.red(previewValue(found.recomputed, SIDE_CHARACTERS))}`]),
    ...(differing.length === 0 ? [] : ["  differences, recorded → recomputed:", ...differing]),
    `  code        ${CODES[code]}`,
    ...(code === "same" ? [] : fingerprintLines(found.fingerprints)),
  ];
}
