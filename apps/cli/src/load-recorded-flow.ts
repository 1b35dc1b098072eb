import { stat } from "node:fs/promises";

import { err, type Result } from "neverthrow";

import type { RunManifest } from "@refold/core";
import type { Flow, FlowDefinition } from "@refold/runtime";

import { refused, type CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import { flowInvalid } from "./flow-invalid.ts";
import { loadFlow, type LoadedFlow } from "./load-flow.ts";

/** The flow that a run is replayed or gone on with. */
export interface RecordedFlow {
  readonly flow: Flow;
  readonly definition: FlowDefinition;
  readonly source: LoadedFlow["source"];
  /** What people should know of the file, if anything. */
  readonly note: string | undefined;
}

/** Loads the flow that a run was recorded with, from where it was then, or from `instead`. */
export async function loadRecordedFlow(
  manifest: RunManifest,
  instead: string | undefined,
  io: Pick<CliIo, "cwd" | "host" | "importModule">,
): Promise<Result<RecordedFlow, CliFault>> {
  const file = instead ?? manifest.source?.path;
  if (file === undefined) {
    return err(
      refused(`The run ${manifest.runId} does not say which file its flow came from. Name the file with --flow.`),
    );
  }
  if (instead === undefined && !(await exists(file))) {
    return err(
      refused(`The flow was recorded from ${file}, which is gone. Name the file that holds it now with --flow.`),
    );
  }
  const loaded = await loadFlow(file, io);
  if (loaded.isErr()) return err(loaded.error);
  const { flow, source } = loaded.value;
  return flow
    .build()
    .map((definition) => ({ flow, definition, source, note: changeNote(manifest, source) }))
    .mapErr((faults) => flowInvalid(source.path, faults));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const DIGITS = 12;

function changeNote({ source: then }: RunManifest, now: LoadedFlow["source"]): string | undefined {
  if (then === undefined || then.sha256 === now.sha256) return undefined;
  return (
    `The flow file ${now.path} is not the one that was recorded: ` +
    `its sha256 was ${then.sha256.slice(0, DIGITS)} and is ${now.sha256.slice(0, DIGITS)}.`
  );
}
