import type { RunReader } from "@refold/core";

import type { CliIo } from "../cli-io.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { openRunFor, type FoundRun } from "../find-run.ts";
import { readRecords } from "../read-records.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { storyLines } from "../rendering/story-lines.ts";
import { styleFor } from "../rendering/style.ts";
import { tornTailNote } from "../rendering/torn-tail.ts";
import { reportFault } from "../report-fault.ts";
import { runStatus } from "../run-status.ts";
import { RunStory } from "../run-story.ts";
import { runsDirectory } from "../runs-directory.ts";

export interface ShowArgs {
  readonly run: string;
  readonly runs?: string;
  readonly json?: boolean;
}

/** `refold show`: what a run was and how it went, from its manifest and its log alone. */
export async function showCommand(args: ShowArgs, io: CliIo): Promise<ExitCode> {
  const opened = await openRunFor(args.run, runsDirectory(args.runs, io), io);
  if (opened.isErr()) return reportFault(opened.error, io);
  const { reader, manifest } = opened.value;
  try {
    const story = new RunStory(manifest);
    for await (const batch of readRecords(reader, false)) {
      if (batch.isErr()) return reportFault(batch.error, io);
      for (const frame of batch.value) story.take(frame);
    }
    const status = runStatus(story.seal, reader);
    if (args.json === true) await io.stdout.write(`${storyJson(opened.value, story, status)}\n`);
    else {
      const lines = storyLines({ found: opened.value, story, status, style: styleFor(io.stdout, io.env) });
      await io.stdout.write(`${lines.join("\n")}\n`);
    }
    const torn = tornTailNote(reader);
    if (torn !== undefined) await io.stderr.write(`${torn}\n`);
    return EXIT.done;
  } finally {
    await reader.close();
  }
}

function storyJson(
  { manifest, location, reader }: FoundRun & { reader: RunReader },
  story: RunStory,
  status: string,
): string {
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
    epochs: story.epochs.map(({ timeMs, epoch: { runtime, refold } }) => ({ timeMs, runtime, refold })),
    lifecycle: [...story.machines].map(([machine, { initial, passages }]) => ({ machine, initial, passages })),
    lanes: story.lanes.map(({ name, kinds }) => ({ name, records: Object.fromEntries(kinds) })),
    failure:
      failure === undefined
        ? null
        : Object.fromEntries(Object.entries(failure).filter(([, value]) => value !== undefined)),
  });
}
