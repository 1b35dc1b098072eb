import type { Edge, Stage, Topology } from "@refold/topology";

import type { ConfigurationFault } from "./configuration-fault.ts";
import type { KeySpec, Restriction } from "./configuration-keys.ts";
import type { SettingPlace } from "./setting-place.ts";

type ActsOn = Extract<ConfigurationFault, { readonly kind: "without-effect" }>["actsOn"];

/** What a key would need at a place and does not find there; undefined if it acts on something there. */
export function missingAt(place: SettingPlace, spec: KeySpec, topology: Topology): ActsOn | undefined {
  switch (place.scope) {
    case "global":
    case "flow":
      return undefined;
    case "stage":
      return spec.of === "edge" ? missingBefore(place.stage, spec, topology) : missingIn(place.stage, spec, topology);
    case "edge": {
      const edge = topology.edge(place.edge);
      return edge === undefined || spec.only === undefined || isMet(spec.only, edge, topology) ? undefined : spec.only;
    }
  }
}

/** What is set of edges for a stage holds for the edges that end in it. */
function missingBefore(stage: string, { only }: KeySpec, topology: Topology): ActsOn | undefined {
  const inputs = topology.inputs(stage);
  if (inputs.length === 0) return only ?? "edges into a stage";
  return only === undefined || inputs.some((edge) => isMet(only, edge, topology)) ? undefined : only;
}

function missingIn(name: string, { only }: KeySpec, topology: Topology): ActsOn | undefined {
  const stage = topology.stage(name);
  return stage === undefined || only === undefined || isMet(only, stage, topology) ? undefined : only;
}

function isMet(restriction: Restriction, candidate: Stage | Edge, topology: Topology): boolean {
  const from = "from" in candidate ? topology.stage(candidate.from) : undefined;
  const to = "to" in candidate ? topology.stage(candidate.to) : undefined;
  switch (restriction) {
    case "sinks":
      return candidate.kind === "sink";
    case "stages but sinks and observers":
      return candidate.kind !== "sink" && candidate.kind !== "observer";
    case "edges out of a source":
      return from?.kind === "source";
    case "edges into a sink":
      return to?.kind === "sink";
    case "edges on a cycle": {
      const cycle = from === undefined ? undefined : topology.cycleOf(from.name);
      return cycle !== undefined && to !== undefined && topology.cycleOf(to.name) === cycle;
    }
  }
}
