import type { ConfigurationFault } from "./configuration-fault.ts";
import type { Setting } from "./configuration-layer.ts";
import { parseEdgeName } from "./edge-name.ts";
import type { Origin } from "./origin.ts";
import type { SettingPlace } from "./setting-place.ts";

/**
 * Reads `key=value` for the flow, also written `flow:key=value`; `global:key=value`; `stage:name.key=value`; or
 * `edge:from->to.key=value`.
 */
export function parseAssignment(text: string, origin: Origin): Setting | ConfigurationFault {
  const malformed: ConfigurationFault = { kind: "malformed-setting", text, origin };
  const equals = text.indexOf("=");
  if (equals === -1) return malformed;
  const named = parseTarget(text.slice(0, equals).trim());
  if (named === undefined) return malformed;
  if ("edge" in named) return { kind: "malformed-edge", edge: named.edge, origin };
  const { where } = origin;
  return {
    ...named,
    given: { form: "text", text: text.slice(equals + 1).trim() },
    ...(where === undefined ? {} : { where }),
  };
}

type Target = Pick<Setting, "place" | "key">;

function parseTarget(text: string): Target | { readonly edge: string } | undefined {
  const colon = text.indexOf(":");
  const rest = text.slice(colon + 1);
  switch (colon === -1 ? "flow" : text.slice(0, colon)) {
    case "flow":
      return keyed({ scope: "flow" }, rest);
    case "global":
      return keyed({ scope: "global" }, rest);
    case "stage": {
      const { name, key } = nameAndKey(rest);
      return name === "" ? undefined : keyed({ scope: "stage", stage: name }, key);
    }
    case "edge": {
      const { name, key } = nameAndKey(rest);
      const edge = parseEdgeName(name);
      return edge === undefined ? { edge: name } : keyed({ scope: "edge", edge }, key);
    }
    default:
      return undefined;
  }
}

function keyed(place: SettingPlace, key: string): Target | undefined {
  return key === "" ? undefined : { place, key };
}

/** Names may have dots, and a key has one: the border is the last dot but one, or the only one if a part is missing. */
function nameAndKey(text: string): { readonly name: string; readonly key: string } {
  const last = text.lastIndexOf(".");
  const border = text.lastIndexOf(".", last - 1);
  const dot = last > 0 && border > -1 ? border : last;
  return dot === -1 ? { name: text, key: "" } : { name: text.slice(0, dot), key: text.slice(dot + 1) };
}
