import type { ConfigurationEntry } from "./configuration-entry.ts";
import type { ConfigurationFault } from "./configuration-fault.ts";
import { KEY_NAMES, specOf, type ConfigurationKey, type Scope } from "./configuration-keys.ts";
import { edgeName } from "./edge-name.ts";
import type { Origin } from "./origin.ts";
import { targetName } from "./resolved-configuration.ts";

/** What is wrong, where, and what to do, in a sentence or two. */
export function explainConfigurationFault(fault: ConfigurationFault): string {
  switch (fault.kind) {
    case "unknown-key":
      return `${whereText(fault.origin)}, ${quoted(fault.key)} is not a key. ${suggestion(fault, "docs/configuration.md lists the keys.")}`;
    case "unknown-stage":
      return `${whereText(fault.origin)}, ${quoted(fault.stage)} is not a stage of this flow. ${suggestion(fault, "Name one of its stages.")}`;
    case "unknown-edge":
      return `${whereText(fault.origin)}, ${quoted(edgeName(fault.edge))} is not an edge of this flow. ${suggestion(fault, "Name two stages of which the first feeds the second.")}`;
    case "unknown-section":
      return `${whereText(fault.origin)}, ${quoted(fault.section)} is not a section. ${sectionRemedy(fault)}`;
    case "malformed-section":
      return `${whereText(fault.origin)}, ${fault.section} is ${fault.found}. It has to be an object.`;
    case "malformed-edge":
      return `${whereText(fault.origin)}, ${quoted(fault.edge)} does not name an edge. Write it as "from -> to".${shellHint(fault.origin)}`;
    case "malformed-setting":
      return (
        `${whereText(fault.origin)}, ${quoted(fault.text)} is not a setting. ` +
        `Write key=value, global:key=value, stage:name.key=value or edge:from->to.key=value.${shellHint(fault.origin)}`
      );
    case "wrong-scope":
      return `${whereText(fault.origin)}, ${quoted(fault.key)} is set for ${SCOPE_TEXT[fault.scope]}. It can be set for ${fault.allowed.map((scope) => SCOPE_TEXT[scope]).join(" or ")}.`;
    case "without-effect":
      return `${whereText(fault.origin)}, ${quoted(fault.key)} is set for ${targetText(fault.target)}, where it would do nothing: it acts on ${fault.actsOn}. Remove it, or set it there.`;
    case "wrong-type":
    case "out-of-range":
      return `${whereText(fault.origin)}, ${quoted(fault.key)} is ${fault.given === "" ? "empty" : fault.given}. It takes ${fault.allowed}.`;
    case "out-of-order":
      return (
        `On the edge ${quoted(edgeName(fault.edge))}, ${entryText(fault.first)}, is not less than ${entryText(fault.then)}. ` +
        "Raise the second one, or lower the first."
      );
    case "malformed-entry":
      return `The recorded configuration cannot be read: entry ${fault.index + 1} ${fault.detail}. Open the run with the version of Refold that wrote it.`;
  }
}

const SCOPE_TEXT: { readonly [S in Scope]: string } = {
  global: "all flows",
  flow: "the flow",
  stage: "a stage",
  edge: "an edge",
};

function suggestion({ nearest }: { readonly nearest?: string }, otherwise: string): string {
  return nearest === undefined ? otherwise : `Did you mean ${quoted(nearest)}?`;
}

/** Keys are easily written a level too high. */
function sectionRemedy(fault: Extract<ConfigurationFault, { readonly kind: "unknown-section" }>): string {
  const { section, allowed } = fault;
  if (KEY_NAMES.some((key) => key === section || key.startsWith(`${section}.`))) {
    return `Put keys into a section: ${allowed.join(", ")}.`;
  }
  return suggestion(fault, `The sections are ${allowed.join(", ")}.`);
}

function targetText(target: Extract<ConfigurationFault, { readonly kind: "without-effect" }>["target"]): string {
  return "edge" in target
    ? `the edge ${quoted(edgeName(target.edge))}`
    : `the ${target.stageKind} ${quoted(target.stage)}`;
}

function entryText(entry: ConfigurationEntry): string {
  const target = targetName(entry);
  const origin = entry.where ?? entry.source;
  return `${quoted(entry.key)}, which is ${String(entry.value)}${unitText(entry.key)} (${target === "" ? "" : `for ${target}, `}${origin})`;
}

function unitText(key: ConfigurationKey): string {
  const { rule } = specOf(key);
  return rule.type === "whole" ? ` ${rule.unit}` : "";
}

function whereText({ source, where }: Origin): string {
  switch (source) {
    case "command line":
      return where === undefined ? "On the command line" : `On the command line (${where})`;
    case "environment":
      return where === undefined ? "In the environment" : `In the environment (${where})`;
    case "file":
      return where === undefined ? "In the configuration file" : `In ${where}`;
    case "code":
      return where === undefined ? "In the code" : `In the code (${where})`;
    case "default":
      return "Among the defaults";
  }
}

/** An arrow that was not quoted never comes here whole. */
function shellHint({ source }: Origin): string {
  return source === "command line" ? " Put it in quotes: a shell takes > for a redirection." : "";
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
