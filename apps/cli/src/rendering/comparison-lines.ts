import type { ComparedOutput, OutputDifference, RunComparison, StageComparison } from "@refold/runtime";

import { TWO_RUNS, type ComparisonWords } from "./comparison-words.ts";
import { oneLine, safeText } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { countText, tableLines } from "./table.ts";
import { previewValue } from "./value-preview.ts";

const SIDE_CHARACTERS = 400;

/** How two runs compare: a verdict for each stage, its first difference with both sides, and the sum of it. */
export function comparisonLines(
  { verdict, stages, uncertified }: RunComparison,
  style: Style,
  words: ComparisonWords = TWO_RUNS,
): readonly string[] {
  const [first, second] = words.sides;
  const right = "right" as const;
  return [
    ...tableLines(
      [
        { title: "stage" },
        { title: first, align: right },
        { title: second, align: right },
        { title: "differing", align: right },
        { title: "" },
      ],
      stages.map(({ stage, counts, verdict: found, differing }) => [
        safeText(stage),
        countText(counts[0]),
        countText(counts[1]),
        differing === undefined ? "?" : countText(differing),
        found === "not-compared" ? "too far apart" : found,
      ]),
    ),
    "",
    ...stages.flatMap((stage) => differenceLines(stage, style, words)),
    ...uncertified.map((sentence) => `${style.yellow("Not certified:")} ${safeText(sentence)}`),
    words.sum(verdict, style),
  ];
}

function differenceLines(
  { stage, difference }: StageComparison,
  style: Style,
  { sides, blames }: ComparisonWords,
): readonly string[] {
  if (difference === undefined) return [];
  const { first, second, differences } = difference;
  const [one, other] = sides;
  const width = Math.max(one.length, other.length);
  const colour = blames ? style.red : style.yellow;
  const differing = differences.map(({ path, recorded, recomputed }) => {
    const both = `${style.green(oneLine(recorded, SIDE_CHARACTERS))} → ${colour(oneLine(recomputed, SIDE_CHARACTERS))}`;
    return `    ${safeText(path)}  ${both}`;
  });
  return [
    `${style.bold(`First difference in ${safeText(stage)}`)}`,
    `  ${one.padEnd(width)}  ${side(first, style.green)}`,
    `  ${other.padEnd(width)}  ${side(second, colour)}`,
    ...(differing.length === 0 ? [] : [`  differences, ${one} → ${other}:`, ...differing]),
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
