import type { CommonAnnotations, TypingAnnotation } from "./annotations.ts";
import type { Edge } from "./edge.ts";
import type { Stage } from "./stage.ts";

/** The lines that a diagram shows in a stage: name, kind, then its annotations, none of them escaped yet. */
export function stageLabel({ name, kind, annotations }: Stage): readonly string[] {
  const { typing, policies, join, guarantee, placeholder } = annotations;
  const lines = [name, kind];
  if (typing !== undefined) lines.push(typingLabel(typing));
  if (join !== undefined) lines.push(`${join.mode} join, ${join.reference} reference`);
  for (const policy of policies ?? []) lines.push(withDetail(policy.name, policy.detail));
  if (guarantee !== undefined) lines.push(guarantee);
  if (placeholder !== undefined) lines.push(`placeholder: ${placeholder}`);
  return shown([...lines, ...commonLines(annotations)]);
}

/** The lines that a diagram shows beside an edge; none when there is nothing to say. */
export function edgeLabel({ role, annotations }: Edge): readonly string[] {
  const lines: string[] = [];
  if (role !== undefined) lines.push(role);
  if (annotations.type !== undefined) lines.push(annotations.type);
  if (annotations.flowControl !== undefined) lines.push(`flow control: ${annotations.flowControl}`);
  return shown([...lines, ...commonLines(annotations)]);
}

/** Neither Mermaid nor a reader can do anything with an empty line. */
function shown(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line !== "");
}

function commonLines({ contracts, status, notes }: CommonAnnotations): readonly string[] {
  return [
    ...(contracts ?? []).map(({ name, verdict }) => withDetail(`contract ${name}`, verdict)),
    ...(status === undefined ? [] : [`status: ${status}`]),
    ...Object.entries(notes ?? {}).map(([name, text]) => `${name}: ${text}`),
  ];
}

function typingLabel({ input = "", output = "" }: TypingAnnotation): string {
  return input === "" && output === "" ? "" : `${input} → ${output}`.trim();
}

function withDetail(name: string, detail: string | undefined): string {
  return detail === undefined ? name : `${name} (${detail})`;
}
