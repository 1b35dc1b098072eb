import type { ComparedOutput, OutputDifference, RunComparison, StageComparison } from "@refold/runtime";

import { oneLine, safeText } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { countText, tableLines } from "./table.ts";
import { previewValue } from "./value-preview.ts";

const SIDE_CHARACTERS = 400;

/** How two runs compare: a verdict for each stage, its first difference with both sides, and the sum of it. */
export function comparisonLines({ verdict, stages, uncertified }: RunComparison, style: Style): readonly string[] {
  const right = "right" as const;
  return [
    ...tableLines(
      [{ title: "stage" }, { title: "first", align: right }, { title: "second", align: right }, { title: "" }],
      stages.map(({ stage, counts, verdict: found }) => [
        safeText(stage),
        countText(counts[0]),
        countText(counts[1]),
        found === "not-compared" ? "too far apart" : found,
      ]),
    ),
    "",
    ...stages.flatMap((stage) => differenceLines(stage, style)),
    ...uncertified.map((sentence) => `${style.yellow("Not certified:")} ${safeText(sentence)}`),
    sum(verdict, style),
  ];
}

function sum(verdict: RunComparison["verdict"], style: Style): string {
  switch (verdict) {
    case "matched":
      return `${style.green("matched")}: every stage gave the same in both runs`;
    case "diverged":
      return `${style.red("diverged")}: not every stage gave the same`;
    case "uncertified":
      return `${style.yellow("not certified")}: nothing differs, but not all could be compared`;
  }
}

function differenceLines({ stage, difference }: StageComparison, style: Style): readonly string[] {
  if (difference === undefined) return [];
  const { first, second, differences } = difference;
  const differing = differences.map(({ path, recorded, recomputed }) => {
    const both = `${style.green(oneLine(recorded, SIDE_CHARACTERS))} → ${style.red(oneLine(recomputed, SIDE_CHARACTERS))}`;
    return `    ${safeText(path)}  ${both}`;
  });
  return [
    `${style.bold(`First difference in ${safeText(stage)}`)}`,
    `  first   ${side(first, style.green)}`,
    `  second  ${side(second, style.red)}`,
    ...(differing.length === 0 ? [] : ["  differences, first → second:", ...differing]),
    "",
  ];
}

function side(output: OutputDifference["first"], colour: (text: string) => string): string {
  return output === undefined ? "(no more)" : `${safeText(output.place)}  ${colour(shown(output))}`;
}

/** The type of an output says little where one wants to see its payload. */
function shown({ value }: ComparedOutput): string {
  const isData = typeof value === "object" && value !== null && "payload" in value;
  return previewValue(isData ? value.payload : value, SIDE_CHARACTERS);
}
