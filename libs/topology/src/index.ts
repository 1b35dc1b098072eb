export type {
  CommonAnnotations,
  ContractAnnotation,
  EdgeAnnotations,
  FlowControl,
  Guarantee,
  JoinAnnotation,
  JoinMode,
  JoinReference,
  PolicyAnnotation,
  StageAnnotations,
  TypingAnnotation,
  Verdict,
} from "./annotations.ts";
export { type Additions, annotate } from "./annotate.ts";
export { VALIDATION_LEVELS, type ValidationLevel } from "./build.ts";
export { topology, type TopologyBuilder } from "./builder.ts";
export { toDot } from "./dot.ts";
export type { Edge, EdgeEnds, EdgeKind, EdgeRole, EdgeSpec } from "./edge.ts";
export { explainTopologyFault } from "./explain.ts";
export type { CycleFault, JsonFault, MalformedValue, SemanticFault, StructuralFault, TopologyFault } from "./fault.ts";
export { fromJson, toJson, type TopologyJson } from "./json.ts";
export { toMermaid } from "./mermaid.ts";
export { nearestName } from "./nearest-name.ts";
export { isTerminal, type Stage, STAGE_KINDS, type StageKind, type StageSpec } from "./stage.ts";
export {
  flowNameProblem,
  MAX_NAME_LENGTH,
  type NameProblem,
  RESERVED_STAGE_NAME,
  stageNameProblem,
} from "./stage-name.ts";
export { MAX_EDGES, MAX_STAGES } from "./structural.ts";
export type { Component, Topology } from "./topology.ts";
