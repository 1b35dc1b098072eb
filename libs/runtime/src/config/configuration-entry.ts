import type { ConfigurationKey } from "./configuration-keys.ts";
import type { Origin } from "./origin.ts";
import type { SettingPlace } from "./setting-place.ts";
import type { ConfigurationValue } from "./value-rule.ts";

/** A value that is in effect, with where it came from: plain data, fit for JSON. A default has the scope `global`. */
export type ConfigurationEntry = SettingPlace &
  Origin & {
    readonly key: ConfigurationKey;
    readonly value: ConfigurationValue;
  };
