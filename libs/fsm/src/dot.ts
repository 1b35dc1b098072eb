import type { Describable } from "./description.ts";
import { diagram } from "./diagram.ts";

/** What sets a node apart from the plain box of a state. */
const LOOKS = { state: "", final: ", peripheries=2", wildcard: ', style="rounded,dashed"' } as const;

/** The machine in the DOT language of Graphviz. The same machine gives the same text, always. */
export function toDot(machine: Describable): string {
  const { name, initial, nodes, arrows } = diagram(machine);
  const lines = [
    `digraph ${quoted(name)} {`,
    "  rankdir=LR;",
    "  node [shape=box, style=rounded];",
    "  start [shape=point];",
    ...nodes.map(({ id, kind, lines }) => `  ${id} [label=${quoted(lines.join("\n"))}${LOOKS[kind]}];`),
    `  start -> ${initial};`,
    ...arrows.map(({ from, to, text }) => `  ${from} -> ${to} [label=${quoted(text)}];`),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** A DOT string: backslashes would be escapes of labels, ampersands would begin HTML character references. */
function quoted(text: string): string {
  return `"${text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("&", "&amp;")
    .replace(/\r\n|\r|\n/g, "\\n")}"`;
}
