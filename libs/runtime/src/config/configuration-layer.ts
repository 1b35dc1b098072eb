import type { ConfigurationFault } from "./configuration-fault.ts";
import type { ConfigurationSource } from "./origin.ts";
import type { SettingPlace } from "./setting-place.ts";

/** A setting as it was read, before the keys and the flow are consulted. */
export interface Setting {
  readonly place: SettingPlace;
  /** The flow that it was written for by name; without it, it holds for any. */
  readonly flow?: string;
  readonly key: string;
  readonly given:
    { readonly form: "text"; readonly text: string } | { readonly form: "value"; readonly value: unknown };
  /** See `Origin.where`. */
  readonly where?: string;
}

/** All that one source sets. Of layers of the same source, the later one is the stronger. */
export interface ConfigurationLayer {
  readonly source: Exclude<ConfigurationSource, "default">;
  /** Of settings for the same place and key, the later one counts. */
  readonly settings: readonly Setting[];
  /** What could not be read as a setting. Resolving reports it with everything else. */
  readonly faults: readonly ConfigurationFault[];
}

/** A layer of what was read one by one, and of what could not be read. */
export function layerOf(
  source: ConfigurationLayer["source"],
  read: readonly (Setting | ConfigurationFault)[],
): ConfigurationLayer {
  return {
    source,
    settings: read.filter((each) => "place" in each),
    faults: read.filter((each) => "kind" in each),
  };
}
