import type { RunManifest } from "@refold/core";

import type { CliIo } from "../cli-io.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { withRun } from "../find-run.ts";
import { readRecords } from "../read-records.ts";
import { RejectedInputs } from "../rejected-inputs.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { rejectedLines } from "../rendering/rejected-lines.ts";
import { styleFor } from "../rendering/style.ts";
import { logNotes } from "../rendering/log-notes.ts";
import { reportFault } from "../report-fault.ts";
import { runStatus, type RunStatus } from "../run-status.ts";

/** How many rejected inputs are listed at the most: they are held in memory until the log has been read. */
export const MAX_LISTED_ERRORS = 100_000;

export interface ErrorsArgs {
  readonly run: string;
  readonly runs?: string;
  /** How many of the newest are listed. */
  readonly limit: number;
  readonly json?: boolean;
}

/** A pipe has no width. */
const PIPE_WIDTH = 200;

/** `refold errors`: the inputs that stages rejected, how many of each kind, and the newest of them. */
export function errorsCommand(args: ErrorsArgs, io: CliIo): Promise<ExitCode> {
  return withRun(args, io, async ({ reader, manifest }) => {
    const rejected = new RejectedInputs(manifest, args.limit);
    for await (const batch of readRecords(reader, false)) {
      if (batch.isErr()) return reportFault(batch.error, io);
      for (const frame of batch.value) rejected.take(frame);
    }
    const status = runStatus(rejected.seal, reader);
    if (args.json === true) await io.stdout.write(`${rejectedJson(manifest, status, rejected)}\n`);
    else {
      const options = { status, width: io.stdout.columns ?? PIPE_WIDTH, style: styleFor(io.stdout, io.env) };
      await io.stdout.write(`${rejectedLines(rejected, options).join("\n")}\n`);
    }
    for (const note of logNotes(reader)) await io.stderr.write(`${note}\n`);
    return EXIT.done;
  });
}

function rejectedJson({ runId, flow }: RunManifest, status: RunStatus, rejected: RejectedInputs): string {
  const { total, groups, newest } = rejected;
  return jsonValue({ runId, flow, status, total, groups, newest });
}
