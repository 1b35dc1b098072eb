import type { RunManifest } from "@refold/core";
import { RECORD_KINDS } from "@refold/core";

import { refused, type CliFault } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { withRun } from "../find-run.ts";
import { InputPlaces } from "../input-places.ts";
import { readRecords, type ReadFrame } from "../read-records.ts";
import { laneName } from "../record-form.ts";
import { recordJson, recordLine, type RecordAt } from "../rendering/record-line.ts";
import { oneLine } from "../rendering/safe-text.ts";
import { styleFor } from "../rendering/style.ts";
import { logNotes } from "../rendering/log-notes.ts";
import { reportFault } from "../report-fault.ts";

export interface LogArgs {
  readonly run: string;
  readonly runs?: string;
  /** Only records of this stage; `system` is the lane of the pipeline. */
  readonly stage?: string;
  /** Only data of this event type, or records of this kind. */
  readonly type?: string;
  readonly json?: boolean;
  readonly follow?: boolean;
}

/** A pipe has no width. */
const PIPE_WIDTH = 200;

/** Of a name that was typed, which may be anything of any length. */
const SHOWN_CHARACTERS = 200;

/** `refold log`: one line for each record. */
export function logCommand(args: LogArgs, io: CliIo): Promise<ExitCode> {
  return withRun(args, io, async ({ reader, manifest }) => {
    const wrong = unknownFilter(args, manifest);
    if (wrong !== undefined) return reportFault(wrong, io);
    const inputs = new InputPlaces(manifest);
    for await (const batch of readRecords(reader, args.follow === true && reader.writing)) {
      if (batch.isErr()) return reportFault(batch.error, io);
      const text = batch.value.map((read) => frameText(read, args, { manifest, inputs }, io)).join("");
      if (text !== "") await io.stdout.write(text);
      if (io.stdout.closed) return EXIT.done;
    }
    for (const note of logNotes(reader)) await io.stderr.write(`${note}\n`);
    return EXIT.done;
  });
}

function frameText(read: ReadFrame, args: LogArgs, known: Pick<RecordAt, "manifest" | "inputs">, io: CliIo): string {
  const { manifest, inputs } = known;
  inputs.note(read);
  if (args.stage !== undefined && laneName(manifest, read.frame.lane) !== args.stage) return "";
  const options = { width: io.stdout.columns ?? PIPE_WIDTH, style: styleFor(io.stdout, io.env) };
  let text = "";
  read.records.forEach((record, index) => {
    if (args.type !== undefined && record.kind !== args.type) {
      if (record.kind !== "data" || manifest.types[record.type]?.name !== args.type) return;
    }
    const at = { read, index, manifest, inputs };
    text += `${args.json === true ? recordJson(record, at) : recordLine(record, at, options)}\n`;
  });
  return text;
}

function unknownFilter({ stage, type }: LogArgs, { lanes, types }: RunManifest): CliFault | undefined {
  if (stage !== undefined && !lanes.includes(stage)) {
    return refused(
      `The run has no stage ${JSON.stringify(oneLine(stage, SHOWN_CHARACTERS))}. It has ${lanes.join(", ")}.`,
    );
  }
  const names = types.map(({ name }) => name);
  if (type !== undefined && !names.includes(type) && !(RECORD_KINDS as readonly string[]).includes(type)) {
    return refused(
      `The run has no event type ${JSON.stringify(oneLine(type, SHOWN_CHARACTERS))}, and there is no such kind of record. ` +
        `Its types are ${names.join(", ")}; the kinds are ${RECORD_KINDS.join(", ")}.`,
    );
  }
  return undefined;
}
