import { toDot, toJson, toMermaid, type Topology } from "@refold/topology";

import type { CliIo } from "../cli-io.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { flowInvalid } from "../flow-invalid.ts";
import { forMachines } from "../for-machines.ts";
import { loadFlow } from "../load-flow.ts";
import { reportFault } from "../report-fault.ts";

export const TOPOLOGY_FORMATS = ["mermaid", "dot", "json"] as const;

export interface TopologyArgs {
  readonly file: string;
  readonly format: (typeof TOPOLOGY_FORMATS)[number];
}

/** `refold topology`: the graph of a flow, which is built but not run. */
export function topologyCommand(args: TopologyArgs, io: CliIo): Promise<ExitCode> {
  // Standard output is for the drawing alone.
  return forMachines({ json: true }, io, async () => {
    const loaded = await loadFlow(args.file, io);
    if (loaded.isErr()) return reportFault(loaded.error, io);
    const built = loaded.value.flow.build();
    if (built.isErr()) return reportFault(flowInvalid(loaded.value.source.path, built.error), io);
    await io.stdout.write(drawn(built.value.topology, args.format));
    return EXIT.done;
  });
}

function drawn(topology: Topology, format: TopologyArgs["format"]): string {
  switch (format) {
    case "mermaid":
      return toMermaid(topology);
    case "dot":
      return toDot(topology);
    case "json":
      return `${JSON.stringify(toJson(topology), undefined, 2)}\n`;
  }
}
