import type { RunManifest } from "@refold/core";
import { configurationFromEntries, explainConfigurationFault } from "@refold/runtime";

import { refused, refusedFor } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { withRun, type ReadableRun } from "../find-run.ts";
import { readRecords } from "../read-records.ts";
import { configurationLines } from "../rendering/configuration-lines.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { storyLines } from "../rendering/story-lines.ts";
import { styleFor } from "../rendering/style.ts";
import { logNotes } from "../rendering/log-notes.ts";
import { reportFault } from "../report-fault.ts";
import { runStatus } from "../run-status.ts";
import { RunStory } from "../run-story.ts";

export interface ShowArgs {
  readonly run: string;
  readonly runs?: string;
  /** Whether to show what was in effect for the run, in place of how it went. */
  readonly config?: boolean;
  readonly json?: boolean;
}

/** `refold show`: what a run was and how it went, from its manifest and its log alone. */
export function showCommand(args: ShowArgs, io: CliIo): Promise<ExitCode> {
  return withRun(args, io, async (run) => {
    const { reader, manifest } = run;
    if (args.config === true) return showConfiguration(manifest, args, io);
    const story = new RunStory(manifest);
    for await (const batch of readRecords(reader, false)) {
      if (batch.isErr()) return reportFault(batch.error, io);
      for (const frame of batch.value) story.take(frame);
    }
    const status = runStatus(story.seal, reader);
    if (args.json === true) await io.stdout.write(`${storyJson(run, story, status)}\n`);
    else {
      const lines = storyLines({ found: run, story, status, style: styleFor(io.stdout, io.env) });
      await io.stdout.write(`${lines.join("\n")}\n`);
    }
    for (const note of logNotes(reader)) await io.stderr.write(`${note}\n`);
    return EXIT.done;
  });
}

async function showConfiguration(manifest: RunManifest, { json }: ShowArgs, io: CliIo): Promise<ExitCode> {
  const { runId, flow, configuration } = manifest;
  if (configuration === undefined) {
    return reportFault(refused(`The run ${runId} does not have its configuration on record.`), io);
  }
  const read = configurationFromEntries(configuration);
  if (read.isErr()) {
    const reasons = read.error.map(explainConfigurationFault);
    return reportFault(refusedFor(`The configuration of the run ${runId} cannot be shown`, reasons), io);
  }
  const entries = read.value.entries();
  if (json === true) await io.stdout.write(`${jsonValue({ runId, flow, configuration: entries })}\n`);
  else await io.stdout.write(`${configurationLines(manifest, entries, styleFor(io.stdout, io.env)).join("\n")}\n`);
  return EXIT.done;
}

function storyJson({ manifest, location, reader }: ReadableRun, story: RunStory, status: string): string {
  const { firstTimeMs, lastTimeMs, frames, records, seal, failure } = story;
  return jsonValue({
    runId: manifest.runId,
    flow: manifest.flow,
    status,
    reason: seal?.reason ?? null,
    manifest,
    location,
    frames,
    records,
    firstTimeMs: firstTimeMs ?? null,
    lastTimeMs: lastTimeMs ?? null,
    tornTail: reader.tornTail ?? null,
    epochs: story.epochs.map((epoch) => ({
      ...epoch,
      sourceSha256: epoch.sourceSha256 ?? null,
      ended: epoch.ended ?? null,
    })),
    lifecycle: story.machines.map(({ name: machine, initial, passages }) => ({ machine, initial, passages })),
    control: story.control,
    contracts: story.contracts,
    liveness: { changes: story.livenessChanges, last: story.liveness },
    lanes: story.lanes.map(({ name, kinds }) => ({ name, records: Object.fromEntries(kinds) })),
    failure:
      failure === undefined
        ? null
        : Object.fromEntries(Object.entries(failure).filter(([, value]) => value !== undefined)),
  });
}
