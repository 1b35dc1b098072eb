import {
  type CommonAnnotations,
  type ContractAnnotation,
  type EdgeAnnotations,
  FLOW_CONTROLS,
  GUARANTEES,
  JOIN_MODES,
  JOIN_REFERENCES,
  type JoinAnnotation,
  type PolicyAnnotation,
  type StageAnnotations,
  type TypingAnnotation,
  VERDICTS,
} from "./annotations.ts";
import { type Edge, EDGE_KINDS, EDGE_ROLES } from "./edge.ts";
import type { Read, Reading } from "./reading.ts";
import { type Stage, STAGE_KINDS } from "./stage.ts";

/**
 * The readers of declared stages and edges. What they give is frozen, has no field beyond the known ones, and shares
 * nothing with the caller's objects. The builder and `fromJson` both go through them, so both mean the same.
 */
export interface DeclarationReaders {
  readonly stage: Read<Stage>;
  readonly edge: Read<Edge>;
}

const NONE: Readonly<Record<string, never>> = Object.freeze({});

export function declarationReaders(reading: Reading): DeclarationReaders {
  const stageAnnotations = stageAnnotationsReader(reading);
  const edgeAnnotations = edgeAnnotationsReader(reading);
  return {
    stage: reading.object(["name", "kind", "annotations"], (required, optional) => {
      const name = required("name", reading.string);
      const kind = required("kind", reading.oneOf(STAGE_KINDS));
      const annotations = optional("annotations", stageAnnotations) ?? NONE;
      return name === undefined || kind === undefined ? undefined : Object.freeze({ name, kind, annotations });
    }),
    edge: reading.object(["from", "to", "kind", "role", "annotations"], (required, optional) => {
      const from = required("from", reading.string);
      const to = required("to", reading.string);
      const kind = optional("kind", reading.oneOf(EDGE_KINDS)) ?? "forward";
      const role = optional("role", reading.oneOf(EDGE_ROLES));
      const annotations = optional("annotations", edgeAnnotations) ?? NONE;
      if (from === undefined || to === undefined) return undefined;
      return Object.freeze(
        role === undefined ? { from, to, kind, annotations } : { from, to, kind, role, annotations },
      );
    }),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const COMMON_FIELDS = ["contracts", "status", "notes"] as const;

function stageAnnotationsReader(reading: Reading): Read<StageAnnotations> {
  return reading.object(["typing", "policies", "join", "guarantee", "placeholder", ...COMMON_FIELDS], (_, optional) => {
    const annotations: Mutable<StageAnnotations> = {};
    const typing = optional("typing", typingReader(reading));
    const policies = optional("policies", reading.list(policyReader(reading)));
    const join = optional("join", joinReader(reading));
    const guarantee = optional("guarantee", reading.oneOf(GUARANTEES));
    const placeholder = optional("placeholder", reading.string);
    if (typing !== undefined) annotations.typing = typing;
    if (policies !== undefined) annotations.policies = policies;
    if (join !== undefined) annotations.join = join;
    if (guarantee !== undefined) annotations.guarantee = guarantee;
    if (placeholder !== undefined) annotations.placeholder = placeholder;
    return Object.freeze({ ...annotations, ...common(reading, optional) });
  });
}

function edgeAnnotationsReader(reading: Reading): Read<EdgeAnnotations> {
  return reading.object(["type", "flowControl", ...COMMON_FIELDS], (_, optional) => {
    const annotations: Mutable<EdgeAnnotations> = {};
    const type = optional("type", reading.string);
    const flowControl = optional("flowControl", reading.oneOf(FLOW_CONTROLS));
    if (type !== undefined) annotations.type = type;
    if (flowControl !== undefined) annotations.flowControl = flowControl;
    return Object.freeze({ ...annotations, ...common(reading, optional) });
  });
}

type Optional = <T>(name: (typeof COMMON_FIELDS)[number], read: Read<T>) => T | undefined;

function common(reading: Reading, optional: Optional): CommonAnnotations {
  const annotations: Mutable<CommonAnnotations> = {};
  const contracts = optional("contracts", reading.list(contractReader(reading)));
  const status = optional("status", reading.string);
  const notes = optional("notes", reading.notes);
  if (contracts !== undefined) annotations.contracts = contracts;
  if (status !== undefined) annotations.status = status;
  if (notes !== undefined) annotations.notes = notes;
  return annotations;
}

function typingReader(reading: Reading): Read<TypingAnnotation> {
  return reading.object(["input", "output"], (_, optional) => {
    const typing: Mutable<TypingAnnotation> = {};
    const input = optional("input", reading.string);
    const output = optional("output", reading.string);
    if (input !== undefined) typing.input = input;
    if (output !== undefined) typing.output = output;
    return Object.freeze(typing);
  });
}

function policyReader(reading: Reading): Read<PolicyAnnotation> {
  return reading.object(["name", "detail"], (required, optional) => {
    const name = required("name", reading.string);
    const detail = optional("detail", reading.string);
    if (name === undefined) return undefined;
    return Object.freeze(detail === undefined ? { name } : { name, detail });
  });
}

function joinReader(reading: Reading): Read<JoinAnnotation> {
  return reading.object(["mode", "reference"], (required) => {
    const mode = required("mode", reading.oneOf(JOIN_MODES));
    const reference = required("reference", reading.oneOf(JOIN_REFERENCES));
    return mode === undefined || reference === undefined ? undefined : Object.freeze({ mode, reference });
  });
}

function contractReader(reading: Reading): Read<ContractAnnotation> {
  return reading.object(["name", "verdict"], (required, optional) => {
    const name = required("name", reading.string);
    const verdict = optional("verdict", reading.oneOf(VERDICTS));
    if (name === undefined) return undefined;
    return Object.freeze(verdict === undefined ? { name } : { name, verdict });
  });
}
