import type { RecordChanges, StageReach } from "@refold/runtime";

import { previewValue } from "./value-preview.ts";
import { safeText } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { countText, tableLines } from "./table.ts";

const SIDE_CHARACTERS = 120;

const VERDICTS: { readonly [V in StageReach["verdict"]]: string } = {
  unchanged: "unchanged",
  changed: "changed",
  fails: "would fail",
  "not-followed": "not followed",
};

/** How far divergences reach: of each stage what it would have taken and given, and the first output that is otherwise. */
export function cascadeLines(cascade: readonly StageReach[], style: Style): readonly string[] {
  return [
    style.bold("What would have followed, had each stage been given what is computed before it now"),
    "",
    ...tableLines(
      [{ title: "stage" }, { title: "" }, { title: "other inputs" }, { title: "other outputs" }],
      cascade.map(({ stage, verdict, inputs, outputs }) => [
        safeText(stage),
        VERDICTS[verdict],
        changesText(inputs),
        changesText(outputs),
      ]),
    ),
    "",
    ...cascade.flatMap((reach) => stageLines(reach, style)),
    "",
  ];
}

function changesText({ changed, missing, extra }: RecordChanges): string {
  const parts = [
    [changed, "changed"],
    [missing, "missing"],
    [extra, "extra"],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${countText(count)} ${what}`);
  return told.join(", ") || "-";
}

function stageLines({ stage, first, why }: StageReach, style: Style): readonly string[] {
  const name = safeText(stage);
  const lines = why === undefined ? [] : [`  ${name}: ${safeText(why)}`];
  if (first === undefined) return lines;
  const side = (value: unknown, isThere: boolean): string =>
    isThere ? previewValue(value, SIDE_CHARACTERS) : "(none)";
  const then = style.green(side(first.recorded, first.kind !== "extra"));
  const now = style.red(side(first.recomputed, first.kind !== "missing"));
  return [`  ${safeText(first.place)}  ${then} → ${now}`, ...lines];
}
