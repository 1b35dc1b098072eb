/**
 * What is known about a stage or an edge beyond the shape of the graph. Annotations are carried through JSON and shown
 * in diagrams; they take no part in validation, order or fingerprint. Names of types, policies and states are the
 * caller's own words. What has no field of its own goes into `notes`.
 */

export const JOIN_MODES = ["inner", "left", "strict"] as const;
export type JoinMode = (typeof JOIN_MODES)[number];

export const JOIN_REFERENCES = ["finite", "live"] as const;
/** Whether a join reads its reference to the end first, or follows it while it joins. */
export type JoinReference = (typeof JOIN_REFERENCES)[number];

export const GUARANTEES = ["exactly-once", "idempotent", "at-least-once"] as const;
export type Guarantee = (typeof GUARANTEES)[number];

export const FLOW_CONTROLS = ["off", "track", "enforce"] as const;
export type FlowControl = (typeof FLOW_CONTROLS)[number];

export const VERDICTS = ["pending", "held", "violated"] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface TypingAnnotation {
  readonly input?: string;
  readonly output?: string;
}

export interface PolicyAnnotation {
  readonly name: string;
  readonly detail?: string;
}

export interface JoinAnnotation {
  readonly mode: JoinMode;
  readonly reference: JoinReference;
}

export interface ContractAnnotation {
  readonly name: string;
  readonly verdict?: Verdict;
}

/** What a stage and an edge have in common. */
export interface CommonAnnotations {
  readonly contracts?: readonly ContractAnnotation[];
  readonly status?: string;
  readonly notes?: Readonly<Record<string, string>>;
}

export interface StageAnnotations extends CommonAnnotations {
  readonly typing?: TypingAnnotation;
  /** Outermost first. */
  readonly policies?: readonly PolicyAnnotation[];
  readonly join?: JoinAnnotation;
  readonly guarantee?: Guarantee;
  /** Why the stage cannot run yet. Diagrams draw it dashed. */
  readonly placeholder?: string;
}

export interface EdgeAnnotations extends CommonAnnotations {
  /** The name of the type that the edge carries. */
  readonly type?: string;
  readonly flowControl?: FlowControl;
}
