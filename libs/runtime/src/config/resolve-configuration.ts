import type { Topology } from "@refold/topology";
import { err, ok, type Result } from "neverthrow";

import { checkSetting } from "./check-setting.ts";
import type { ConfigurationEntry } from "./configuration-entry.ts";
import type { ConfigurationFault } from "./configuration-fault.ts";
import { SCOPES } from "./configuration-keys.ts";
import type { ConfigurationLayer } from "./configuration-layer.ts";
import { edgeName } from "./edge-name.ts";
import { SOURCES } from "./origin.ts";
import { ResolvedConfiguration } from "./resolved-configuration.ts";
import { thresholdFaults } from "./threshold-order.ts";

/**
 * What is in effect for a flow, or everything that is wrong with what was set.
 *
 * The narrower scope wins: edge over stage over flow over global. Within a scope the stronger source wins: command line
 * over file over environment over code over default. Within a source, what names the flow wins over what does not, and
 * then the later setting.
 */
export function resolveConfiguration({
  layers,
  topology,
}: {
  readonly layers: readonly ConfigurationLayer[];
  readonly topology: Topology;
}): Result<ResolvedConfiguration, readonly ConfigurationFault[]> {
  const faults = layers.flatMap((layer) => layer.faults);
  const effective: Ranked[] = [];
  for (const { source, settings } of layers) {
    for (const setting of settings) {
      const checked = checkSetting(setting, source, topology);
      if (checked.isErr()) faults.push(...checked.error);
      else if (setting.flow === undefined) effective.push({ entry: checked.value, namesFlow: false });
      else if (setting.flow === topology.name) effective.push({ entry: checked.value, namesFlow: true });
    }
  }
  if (faults.length > 0) return err(withoutRepetition(faults));
  const resolved = new ResolvedConfiguration(effective.sort(weakerFirst).map(({ entry }) => entry));
  const disordered = thresholdFaults(resolved, topology);
  return disordered.length > 0 ? err(disordered) : ok(resolved);
}

/** A stage or an edge that is not there is told of once for each source, however many keys are set for it. */
function withoutRepetition(faults: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  const told = new Set<string>();
  return faults.filter((fault) => {
    if (fault.kind !== "unknown-stage" && fault.kind !== "unknown-edge") return true;
    const place = fault.kind === "unknown-stage" ? fault.stage : edgeName(fault.edge);
    const name = JSON.stringify([place, fault.origin.source]);
    const isNew = !told.has(name);
    told.add(name);
    return isNew;
  });
}

interface Ranked {
  readonly entry: ConfigurationEntry;
  readonly namesFlow: boolean;
}

/** Sorting is stable, so later settings stay behind earlier ones of the same rank. */
function weakerFirst(a: Ranked, b: Ranked): number {
  return (
    SCOPES.indexOf(a.entry.scope) - SCOPES.indexOf(b.entry.scope) ||
    SOURCES.indexOf(b.entry.source) - SOURCES.indexOf(a.entry.source) ||
    Number(a.namesFlow) - Number(b.namesFlow)
  );
}
