import { nearestName, type Topology } from "@refold/topology";
import { err, ok, type Result } from "neverthrow";

import { missingAt } from "./acts-on.ts";
import type { ConfigurationEntry } from "./configuration-entry.ts";
import type { ConfigurationFault } from "./configuration-fault.ts";
import { isConfigurationKey, scopesOf, specOf } from "./configuration-keys.ts";
import type { Setting } from "./configuration-layer.ts";
import { edgeName } from "./edge-name.ts";
import { nearestKey } from "./nearest-key.ts";
import type { ConfigurationSource, Origin } from "./origin.ts";
import type { SettingPlace } from "./setting-place.ts";
import { shownText, shownValue } from "./shown-value.ts";
import { allowedText, fitOf, valueOfText, type ConfigurationValue } from "./value-rule.ts";

/**
 * Holds a setting against the table of keys and the flow. What was written for another flow is held against the table
 * alone, since that flow's stages are not known here.
 */
export function checkSetting(
  setting: Setting,
  source: ConfigurationSource,
  topology: Topology,
): Result<ConfigurationEntry, readonly ConfigurationFault[]> {
  const { key, place, where } = setting;
  const origin: Origin = { source, ...(where === undefined ? {} : { where }) };
  const isForThisFlow = setting.flow === undefined || setting.flow === topology.name;
  const misplaced = isForThisFlow ? unknownPlace(place, topology, origin) : undefined;
  const faults = misplaced === undefined ? [] : [misplaced];
  if (!isConfigurationKey(key)) {
    return err([...faults, { kind: "unknown-key", key, ...suggested(nearestKey(key)), origin }]);
  }
  const spec = specOf(key);
  const allowed = scopesOf(spec);
  if (!allowed.includes(place.scope)) {
    faults.push({ kind: "wrong-scope", key, scope: place.scope, allowed, origin });
  } else if (isForThisFlow && misplaced === undefined) {
    const actsOn = missingAt(place, spec, topology);
    const target = targetOf(place, topology);
    if (actsOn !== undefined && target !== undefined) {
      faults.push({ kind: "without-effect", key, target, actsOn, origin });
    }
  }
  const { given } = setting;
  const value = given.form === "text" ? valueOfText(spec.rule, given.text) : given.value;
  const fit = fitOf(spec.rule, value);
  if (fit !== "fits") {
    const shown = given.form === "text" ? shownText(given.text) : shownValue(given.value);
    faults.push({ kind: fit, key, given: shown, allowed: allowedText(spec.rule), origin });
  }
  // What fits its rule is a value.
  return faults.length > 0 ? err(faults) : ok({ key, ...place, value: value as ConfigurationValue, ...origin });
}

function unknownPlace(place: SettingPlace, topology: Topology, origin: Origin): ConfigurationFault | undefined {
  switch (place.scope) {
    case "global":
    case "flow":
      return undefined;
    case "stage": {
      const { stage } = place;
      if (topology.has(stage)) return undefined;
      const names = topology.stages.map(({ name }) => name);
      return { kind: "unknown-stage", stage, ...suggested(nearestName(stage, names)), origin };
    }
    case "edge": {
      const { edge } = place;
      if (topology.edge(edge) !== undefined) return undefined;
      const turned = topology.edge({ from: edge.to, to: edge.from });
      const nearest =
        turned === undefined ? nearestName(edgeName(edge), topology.edges.map(edgeName)) : edgeName(turned);
      return { kind: "unknown-edge", edge, ...suggested(nearest), origin };
    }
  }
}

function suggested(nearest: string | undefined): { readonly nearest?: string } {
  return nearest === undefined ? {} : { nearest };
}

function targetOf(
  place: SettingPlace,
  topology: Topology,
): Extract<ConfigurationFault, { readonly kind: "without-effect" }>["target"] | undefined {
  switch (place.scope) {
    case "global":
    case "flow":
      return undefined;
    case "stage": {
      const stage = topology.stage(place.stage);
      return stage === undefined ? undefined : { stage: stage.name, stageKind: stage.kind };
    }
    case "edge":
      return { edge: place.edge };
  }
}
