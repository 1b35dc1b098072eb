import type { Describable } from "./description.ts";
import { diagram } from "./diagram.ts";

/** The machine as a Mermaid state diagram. The same machine gives the same text, always. */
export function toMermaid(machine: Describable): string {
  const { name, initial, nodes, arrows } = diagram(machine);
  const lines = [
    "---",
    `title: ${JSON.stringify(name)}`,
    "---",
    "stateDiagram-v2",
    ...nodes.flatMap(({ id, lines: [title, ...details] }) => [
      `  state "${escape(title)}" as ${id}`,
      ...details.map((detail) => `  ${id} : ${escape(detail)}`),
    ]),
    `  [*] --> ${initial}`,
    ...arrows.map(({ from, to, text }) => `  ${from} --> ${to} : ${escape(text)}`),
    ...nodes.filter(({ kind }) => kind === "final").map(({ id }) => `  ${id} --> [*]`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Mermaid has no escapes but its own form of character references, by decimal code point. */
function escape(text: string): string {
  return text.replace(/[^\p{L}\p{N} _.,()-]/gu, (character) => `#${character.codePointAt(0) ?? 0};`);
}
