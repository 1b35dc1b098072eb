import type { EdgeEnds } from "@refold/topology";
import { err, ok, type Result } from "neverthrow";

import type { ConfigurationEntry } from "./configuration-entry.ts";
import type { ConfigurationFault } from "./configuration-fault.ts";
import { isConfigurationKey, scopesOf, specOf } from "./configuration-keys.ts";
import { SOURCES } from "./origin.ts";
import { ResolvedConfiguration } from "./resolved-configuration.ts";
import type { SettingPlace } from "./setting-place.ts";
import { allowedText, fitOf, type ConfigurationValue } from "./value-rule.ts";

/**
 * Reads back what `ResolvedConfiguration.entries` gave and JSON kept, for a replay. A later version can read what an
 * earlier one wrote: a key that is no longer known is passed over, one that was not known yet has its default, and the
 * limits of a value may have changed since.
 */
export function configurationFromEntries(
  entries: unknown,
): Result<ResolvedConfiguration, readonly ConfigurationFault[]> {
  if (!Array.isArray(entries)) return err([{ kind: "malformed-entry", index: 0, detail: "is not in a list" }]);
  const read: ConfigurationEntry[] = [];
  const faults: ConfigurationFault[] = [];
  for (const [index, entry] of (entries as readonly unknown[]).entries()) {
    const result = readEntry(entry);
    if (typeof result === "string") faults.push({ kind: "malformed-entry", index, detail: result });
    else if (result !== undefined) read.push(result);
  }
  return faults.length > 0 ? err(faults) : ok(new ResolvedConfiguration(read));
}

/** The entry; undefined for one that is passed over; or what is wrong with it. */
function readEntry(entry: unknown): ConfigurationEntry | undefined | string {
  if (!isRecord(entry)) return "is not an object";
  const { key, value, where } = entry;
  if (typeof key !== "string") return "has no key";
  if (!isConfigurationKey(key)) return undefined;
  const spec = specOf(key);
  const place = readPlace(entry);
  if (place === undefined) return `has no scope for "${key}"`;
  if (!scopesOf(spec).includes(place.scope)) return `has a scope that "${key}" cannot have`;
  const fit = fitOf(spec.rule, value);
  const isBeyondPresentLimits = fit === "out-of-range" && typeof value === "number";
  if (fit !== "fits" && !isBeyondPresentLimits) return `has a value for "${key}" that is not ${allowedText(spec.rule)}`;
  const source = SOURCES.find((each) => each === entry["source"]);
  if (source === undefined) return `has no source for "${key}"`;
  if (where !== undefined && typeof where !== "string") return `has a place for "${key}" that is not text`;
  // What fits its rule is a value.
  return { key, ...place, value: value as ConfigurationValue, source, ...(where === undefined ? {} : { where }) };
}

function readPlace({ scope, stage, edge }: Readonly<Record<string, unknown>>): SettingPlace | undefined {
  switch (scope) {
    case "global":
    case "flow":
      return { scope };
    case "stage":
      return typeof stage === "string" ? { scope, stage } : undefined;
    case "edge":
      return isEdgeEnds(edge) ? { scope, edge: { from: edge.from, to: edge.to } } : undefined;
    default:
      return undefined;
  }
}

function isEdgeEnds(value: unknown): value is EdgeEnds {
  return isRecord(value) && typeof value["from"] === "string" && typeof value["to"] === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
