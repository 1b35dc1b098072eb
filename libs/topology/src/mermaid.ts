import { edgeLabel, stageLabel } from "./label.ts";
import type { StageKind } from "./stage.ts";
import type { Topology } from "./topology.ts";

/** What stands before and after the label of each kind; the names of these shapes are Mermaid's. */
const SHAPES: Readonly<Record<StageKind, readonly [open: string, close: string]>> = {
  source: ["([", "])"], // stadium
  transform: ["[", "]"], // rectangle
  stateful: ["[(", ")]"], // cylinder
  join: ["{{", "}}"], // hexagon
  effectful: ["[[", "]]"], // subroutine
  sink: ["[/", "\\]"], // trapezoid
  observer: ["(", ")"], // rounded
};

/**
 * The topology as a Mermaid flowchart, from left to right: one shape per kind, placeholders dashed, backward edges dotted, annotations in
 * the labels. Nodes are called s0, s1, … in the order declared. The same topology gives the same text.
 */
export function toMermaid(topology: Topology): string {
  const idOf = new Map(topology.stages.map(({ name }, index) => [name, `s${index}`]));
  const lines = ["flowchart LR"];
  for (const stage of topology.stages) {
    const [open, close] = SHAPES[stage.kind];
    lines.push(`  ${idOf.get(stage.name) ?? ""}${open}${label(stageLabel(stage))}${close}`);
  }
  for (const edge of topology.edges) {
    const arrow = edge.kind === "backward" ? "-.->" : "-->";
    const text = edgeLabel(edge);
    const shown = text.length === 0 ? "" : `|${label(text)}|`;
    lines.push(`  ${idOf.get(edge.from) ?? ""} ${arrow}${shown} ${idOf.get(edge.to) ?? ""}`);
  }
  for (const { name, annotations } of topology.stages) {
    if (annotations.placeholder !== undefined) lines.push(`  style ${idOf.get(name) ?? ""} stroke-dasharray: 5 5`);
  }
  return `${lines.join("\n")}\n`;
}

function label(lines: readonly string[]): string {
  return `"${lines.map(escaped).join("<br/>")}"`;
}

/**
 * Writes every character that could mean something to Mermaid, to HTML or to Markdown as an entity by its number. What
 * stays as it is: letters, digits, single spaces within the text, and the punctuation `,.()→_-`.
 */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/[^\p{L}\p{M}\p{N} ,.()→_-]/gu, (character) => `#${character.codePointAt(0) ?? 0};`);
}
