import { nearestName } from "@refold/topology";

import { KEY_NAMES, type ConfigurationKey } from "./configuration-keys.ts";

/** The key that was probably meant: one that is spelt much the same, or one with the same last word. */
export function nearestKey(wanted: string): ConfigurationKey | undefined {
  const lastWord = (key: string): string => key.slice(key.lastIndexOf(".") + 1).toLowerCase();
  const alike = nearestName(wanted, KEY_NAMES);
  return KEY_NAMES.find((key) => key === alike) ?? KEY_NAMES.find((key) => lastWord(key) === lastWord(wanted));
}
