import { nearestName } from "@refold/topology";

import { parseAssignment } from "./assignment.ts";
import type { ConfigurationFault } from "./configuration-fault.ts";
import { KEY_NAMES, type ConfigurationKey } from "./configuration-keys.ts";
import { layerOf, type ConfigurationLayer, type Setting } from "./configuration-layer.ts";

/**
 * Holds assignments as `--set` takes them, separated by semicolons or line ends: for stages and edges, above all. It is
 * stronger than the variable of a single key.
 */
const ASSIGNMENTS_VARIABLE = "REFOLD_SET";

/**
 * What the environment sets. A variable that begins with `REFOLD_` and has two underscores in a row sets a key for the
 * flow; an empty one sets nothing. Other variables are none of ours.
 */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): ConfigurationLayer {
  const read = Object.entries(environment).flatMap(([variable, text]) =>
    isSettingVariable(variable) && text !== undefined && text.trim() !== "" ? [settingOf(variable, text.trim())] : [],
  );
  return layerOf("environment", [...read, ...assignments(environment[ASSIGNMENTS_VARIABLE] ?? "")]);
}

/** The variable for a key: `flowControl.windowRecords` is `REFOLD_FLOW_CONTROL__WINDOW_RECORDS`. */
export function variableOf(key: ConfigurationKey): string {
  const words = key.split(".").map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return `REFOLD_${words.join("__")}`;
}

function isSettingVariable(variable: string): boolean {
  return variable.startsWith("REFOLD_") && variable.includes("__");
}

function settingOf(variable: string, text: string): Setting | ConfigurationFault {
  const key = KEY_NAMES.find((each) => variableOf(each) === variable);
  if (key !== undefined) return { place: { scope: "flow" }, key, given: { form: "text", text }, where: variable };
  const nearest = nearestName(variable, KEY_NAMES.map(variableOf));
  return {
    kind: "unknown-key",
    key: variable,
    ...(nearest === undefined ? {} : { nearest }),
    origin: { source: "environment", where: variable },
  };
}

function assignments(text: string): readonly (Setting | ConfigurationFault)[] {
  return text
    .split(/[;\n]/)
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => parseAssignment(each, { source: "environment", where: ASSIGNMENTS_VARIABLE }));
}
