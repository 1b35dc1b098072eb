import type { Durability } from "@refold/core";
import { explainPlaceholder } from "@refold/runtime";
import { openRun, type OpenRunFault } from "refold";

import { refusedFor, storeFault, type CliFault } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { conductRun, type ConductArgs } from "../conduct-run.ts";
import { configurationInvalid } from "../configuration-invalid.ts";
import type { ExitCode } from "../exit-codes.ts";
import { flowInvalid } from "../flow-invalid.ts";
import { forMachines } from "../for-machines.ts";
import { loadFlow } from "../load-flow.ts";
import { reportFault } from "../report-fault.ts";
import { runLayers, type SettingArgs } from "../run-layers.ts";
import { runsDirectory } from "../runs-directory.ts";

export const DURABILITIES: readonly Durability[] = ["buffered", "durable", "strict"];

export interface RunArgs extends SettingArgs, ConductArgs {
  readonly file: string;
}

/** `refold run`: loads a flow and what is set for it, runs it to its end, and says where the run is kept. */
export function runCommand(args: RunArgs, io: CliIo): Promise<ExitCode> {
  return forMachines(args, io, async () => {
    const loaded = await loadFlow(args.file, io);
    if (loaded.isErr()) return reportFault(loaded.error, io);
    const { flow, source } = loaded.value;
    const layers = await runLayers(args, source.path, io);
    if (layers.isErr()) return reportFault(layers.error, io);
    const store = io.openStore(runsDirectory(args.runs, io));
    const opened = await openRun(flow, { store, source, layers: layers.value });
    if (opened.isErr()) return reportFault(openFault(opened.error, source.path), io);
    return conductRun(opened.value, args, io);
  });
}

function openFault(fault: OpenRunFault, path: string): CliFault {
  switch (fault.kind) {
    case "flow-invalid":
      return flowInvalid(path, fault.faults);
    case "flow-unfinished":
      return refusedFor(`The flow in ${path} is not finished`, fault.placeholders.map(explainPlaceholder));
    case "configuration-invalid":
      return configurationInvalid(path, fault.faults);
    case "run-exists":
    case "storage":
      return storeFault(fault);
  }
}
