import { edgeLabel, stageLabel } from "./label.ts";
import type { StageKind } from "./stage.ts";
import type { Topology } from "./topology.ts";

const SHAPES: Readonly<Record<StageKind, string>> = {
  source: "ellipse",
  transform: "box",
  stateful: "cylinder",
  join: "hexagon",
  effectful: "component",
  sink: "trapezium",
  observer: "note",
};

/**
 * The topology in Graphviz's DOT language, from left to right: one shape per kind, placeholders dashed, backward edges
 * dashed and without influence on the ranks, annotations in the labels. Nodes bear the names of the stages. The same topology
 * gives the same text.
 */
export function toDot(topology: Topology): string {
  const lines = [`digraph ${quoted(topology.name)} {`, "  rankdir=LR;"];
  for (const stage of topology.stages) {
    const dashed = stage.annotations.placeholder === undefined ? "" : ", style=dashed";
    lines.push(`  ${quoted(stage.name)} [shape=${SHAPES[stage.kind]}, label=${label(stageLabel(stage))}${dashed}];`);
  }
  for (const edge of topology.edges) {
    const text = edgeLabel(edge);
    const attributes = [
      ...(edge.kind === "backward" ? ["style=dashed", "constraint=false"] : []),
      ...(text.length === 0 ? [] : [`label=${label(text)}`]),
    ];
    const shown = attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`;
    lines.push(`  ${quoted(edge.from)} -> ${quoted(edge.to)}${shown};`);
  }
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

/** A name needs no escapes: its characters are ASCII letters, digits, hyphens, underscores and dots. */
function quoted(name: string): string {
  return `"${name}"`;
}

function label(lines: readonly string[]): string {
  return `"${lines.map(escaped).join("\\n")}"`;
}

/** Graphviz reads backslashes and HTML entities within a label, so these are escaped beside the quotes. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"');
}
