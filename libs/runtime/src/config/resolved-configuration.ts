import type { EdgeEnds } from "@refold/topology";

import type { ConfigurationEntry } from "./configuration-entry.ts";
import {
  KEY_NAMES,
  SCOPES,
  specOf,
  type ConfigurationKey,
  type ConfigurationValues,
  type KeyOf,
} from "./configuration-keys.ts";
import { edgeName } from "./edge-name.ts";
import type { SettingPlace } from "./setting-place.ts";

/**
 * What is in effect for one flow. Each query costs a few look-ups, and is meant for when a run is set up. A name that is
 * not of this flow has the values that hold where nothing narrower is set.
 */
export class ResolvedConfiguration {
  readonly #byPlace: ReadonlyMap<string, ConfigurationEntry>;

  /** For this package alone: entries that were checked. Of several for the same key and place, the last one counts. */
  constructor(entries: Iterable<ConfigurationEntry>) {
    const byPlace = new Map<string, ConfigurationEntry>();
    for (const key of KEY_NAMES) byPlace.set(indexKey(key, ""), defaultEntry(key));
    for (const entry of entries) byPlace.set(indexKey(entry.key, targetName(entry)), entry);
    this.#byPlace = byPlace;
  }

  /** The value of a key that the flow as a whole has. */
  flow<K extends KeyOf<"flow">>(key: K): ConfigurationValues[K] {
    return valueOf(key, this.#find(key, ""));
  }

  /** The value of a key for one stage. */
  stage<K extends KeyOf<"stage">>(name: string, key: K): ConfigurationValues[K] {
    return valueOf(key, this.#find(key, name, ""));
  }

  /** The value of a key for one edge. */
  edge<K extends KeyOf<"edge">>(ends: EdgeEnds, key: K): ConfigurationValues[K] {
    return valueOf(key, this.edgeEntry(ends, key));
  }

  /** What holds for one edge: what is set for it, else for the stage that it ends in, else for all. */
  edgeEntry(ends: EdgeEnds, key: KeyOf<"edge">): ConfigurationEntry {
    return this.#find(key, edgeName(ends), ends.to, "");
  }

  /**
   * By key in the order of the table: the value that holds where nothing narrower is set, then every narrower one; each
   * with where it came from. It is plain data that JSON keeps, and `configurationFromEntries` reads it back.
   */
  entries(): readonly ConfigurationEntry[] {
    return [...this.#byPlace.values()].sort(
      (a, b) =>
        KEY_NAMES.indexOf(a.key) - KEY_NAMES.indexOf(b.key) ||
        SCOPES.indexOf(a.scope) - SCOPES.indexOf(b.scope) ||
        (targetName(a) < targetName(b) ? -1 : 1),
    );
  }

  /** The entry of the first of some targets that has one. */
  #find(key: ConfigurationKey, ...targets: readonly string[]): ConfigurationEntry {
    for (const target of targets) {
      const entry = this.#byPlace.get(indexKey(key, target));
      if (entry !== undefined) return entry;
    }
    return defaultEntry(key);
  }
}

/** The name of the stage or edge that a place narrows to; empty for the whole flow. */
export function targetName(place: SettingPlace): string {
  switch (place.scope) {
    case "global":
    case "flow":
      return "";
    case "stage":
      return place.stage;
    case "edge":
      return edgeName(place.edge);
  }
}

/** Neither keys nor names have blanks, and the name of an edge has two. */
function indexKey(key: ConfigurationKey, target: string): string {
  return `${key} ${target}`;
}

function defaultEntry(key: ConfigurationKey): ConfigurationEntry {
  return { key, scope: "global", value: specOf(key).default, source: "default" };
}

/** A value was held against the rule of its key before it became part of an entry. */
function valueOf<K extends ConfigurationKey>(_key: K, entry: ConfigurationEntry): ConfigurationValues[K] {
  return entry.value as ConfigurationValues[K];
}
