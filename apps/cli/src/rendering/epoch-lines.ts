import type { EpochStory } from "../run-story.ts";
import type { RunStatus } from "../run-status.ts";
import { oneLine } from "./safe-text.ts";
import { counted, tableLines } from "./table.ts";
import { timeText } from "./time-text.ts";

const DIGITS = 12;

/** One line for each process that took over the run: what it was, whether its code had changed, what it was told, how it ended. */
export function epochLines(epochs: readonly EpochStory[], status: RunStatus): readonly string[] {
  return tableLines(
    [
      { title: "began" },
      { title: "runtime" },
      { title: "source" },
      { title: "code" },
      { title: "ended" },
      { title: "" },
    ],
    epochs.map((epoch, index) => [
      timeText(epoch.timeMs),
      oneLine(`${epoch.runtime}, refold ${epoch.refold}`),
      oneLine(epoch.sourceSha256?.slice(0, DIGITS) ?? ""),
      codeText(epoch.code),
      epoch.ended ?? (index === epochs.length - 1 ? status : "interrupted"),
      told(epoch).join(", "),
    ]),
  );
}

function codeText(code: EpochStory["code"]): string {
  switch (code.kind) {
    case "first":
      return "";
    case "same":
      return "same";
    case "not-comparable":
      return "not comparable";
    case "changed":
      return `changed: ${code.stages.map((stage) => oneLine(stage)).join(", ")}`;
  }
}

function told({ forced, retryFailed, callsMadeAgain }: EpochStory): readonly string[] {
  return [
    ...(forced ? ["forced"] : []),
    ...(retryFailed ? ["failed calls tried again"] : []),
    ...(callsMadeAgain === 0 ? [] : [`${counted(callsMadeAgain, "call")} made again`]),
  ];
}
