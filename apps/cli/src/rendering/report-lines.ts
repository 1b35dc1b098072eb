import type { OpenedRun, RunReport } from "refold";

import { oneLine } from "./safe-text.ts";
import { styledStatus } from "./status-style.ts";
import { failure } from "./story-lines.ts";
import type { Style } from "./style.ts";
import { countText, tableLines, type Column } from "./table.ts";
import { durationText } from "./time-text.ts";

/**
 * How a run ended: the stages over the whole run (and, if it was taken over, what this process did of that), the outcome, where
 * it is kept, how to replay or verify it and, if it is not complete, to go on with it.
 */
export function reportLines(ended: {
  readonly opened: OpenedRun;
  readonly report: RunReport;
  readonly tookMs: number;
  /** The command that replays the run; `undefined` for one whose first frames were let go of. */
  readonly replay: string | undefined;
  /** The command that verifies what is left of such a run; `undefined` for any other. */
  readonly verify: string | undefined;
  /** The command that lists rejected inputs; `undefined` where there are none. */
  readonly errors: string | undefined;
  /** The command that goes on with it; `undefined` for a run that is complete. */
  readonly resume: string | undefined;
  readonly style: Style;
}): readonly string[] {
  const { opened, report, tookMs, replay, verify, errors, resume, style } = ended;
  const { status, reason, fault, stages, abandoned } = report;
  const rejects = errors !== undefined;
  const wasTakenOver = stages.some(({ earlier }) => earlier !== undefined);
  const rows = stages.map(({ stage, state, in: taken, out, rejected, earlier }) => [
    stage,
    countText(taken),
    countText(out),
    ...(rejects ? [countText(rejected)] : []),
    ...(wasTakenOver ? [countText(taken - (earlier?.in ?? 0)), countText(out - (earlier?.out ?? 0))] : []),
    state,
  ]);
  const columns: readonly Column[] = [
    { title: "stage" },
    { title: "in", align: "right" },
    { title: "out", align: "right" },
    ...(rejects ? [{ title: "rejected", align: "right" } as const] : []),
    ...(wasTakenOver
      ? [{ title: "now in", align: "right" } as const, { title: "now out", align: "right" } as const]
      : []),
    { title: "state" },
  ];
  const why = reason === undefined || fault !== undefined ? "" : `: ${oneLine(reason)}`;
  return [
    "",
    ...tableLines(columns, rows),
    "",
    `${style.bold(oneLine(opened.manifest.flow))} ${styledStatus(status, style)} in ${durationText(tookMs)}${why}`,
    ...(fault === undefined ? [] : failure(fault, style)),
    ...(abandoned.length === 0
      ? []
      : [`  given up, as they had not ended: ${abandoned.map((each) => oneLine(each)).join(", ")}`]),
    `  kept in  ${opened.location}`,
    ...(replay === undefined ? [] : [`  replay   ${style.cyan(replay)}`]),
    ...(verify === undefined ? [] : [`  verify   ${style.cyan(verify)}`]),
    ...(errors === undefined ? [] : [`  errors   ${style.cyan(errors)}`]),
    ...(resume === undefined ? [] : [`  resume   ${style.cyan(resume)}`]),
  ];
}
