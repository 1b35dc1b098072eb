import type { EdgeEnds } from "./edge.ts";
import type { StageKind } from "./stage.ts";
import type { NameProblem } from "./stage-name.ts";

/** Faults in the declarations themselves; looked for at every level. */
export type StructuralFault =
  | { readonly kind: "malformed-flow-name"; readonly name: string; readonly problem: NameProblem }
  | {
      readonly kind: "malformed-stage-name";
      readonly stage: string;
      /** Place among the declared stages, from 0; a malformed name may not say much by itself. */
      readonly index: number;
      readonly problem: NameProblem;
    }
  | { readonly kind: "duplicate-stage"; readonly stage: string; readonly index: number }
  | {
      readonly kind: "unknown-stage";
      readonly edge: EdgeEnds;
      readonly end: "from" | "to";
      readonly stage: string;
      /** The declared name that was probably meant. */
      readonly nearest?: string;
    }
  | { readonly kind: "duplicate-edge"; readonly edge: EdgeEnds }
  | { readonly kind: "self-edge"; readonly stage: string }
  | {
      readonly kind: "too-large";
      readonly what: "stages" | "edges";
      readonly count: number;
      readonly limit: number;
    };

/** Faults in what the graph means; looked for at "semantic" and "full". */
export type SemanticFault =
  | { readonly kind: "empty-flow" }
  | { readonly kind: "no-source" }
  | { readonly kind: "source-with-input"; readonly stage: string; readonly from: readonly string[] }
  | {
      readonly kind: "terminal-with-output";
      readonly stage: string;
      readonly stageKind: "sink" | "observer";
      readonly to: readonly string[];
    }
  | { readonly kind: "no-input"; readonly stage: string; readonly stageKind: StageKind }
  | { readonly kind: "join-with-one-input"; readonly stage: string; readonly from: string }
  | { readonly kind: "join-without-role"; readonly stage: string; readonly missing: "stream" | "reference" }
  | { readonly kind: "role-outside-join"; readonly edge: EdgeEnds; readonly stageKind: StageKind }
  | { readonly kind: "unreachable-stage"; readonly stage: string }
  | { readonly kind: "dead-end"; readonly stage: string };

/** Faults in the cycles; looked for at "full" alone. */
export type CycleFault =
  | { readonly kind: "forward-cycle"; /** In the order of the edges. */ readonly members: readonly string[] }
  | {
      readonly kind: "cycle-through";
      readonly stage: string;
      readonly stageKind: StageKind;
      readonly members: readonly string[];
    }
  | { readonly kind: "cycle-entries"; readonly members: readonly string[]; readonly entries: readonly string[] }
  | { readonly kind: "fed-only-backward"; readonly stage: string; readonly members: readonly string[] }
  | { readonly kind: "backward-without-cycle"; readonly edge: EdgeEnds };

/**
 * A value of the wrong form. `fromJson` finds these in what it is given, and the builder in what untyped callers hand it.
 * They stand alone: where a stage cannot be read there is no graph to check.
 */
export interface MalformedValue {
  readonly kind: "malformed-value";
  /** Where, such as `stages[3].kind`; empty for the value itself. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

/** Faults of a whole JSON document; only `fromJson` gives them. */
export type JsonFault =
  | { readonly kind: "unsupported-version"; readonly found: number; readonly supported: number }
  | { readonly kind: "fingerprint-mismatch"; readonly expected: string; readonly actual: string };

/** Everything that can be wrong with a topology. */
export type TopologyFault = StructuralFault | SemanticFault | CycleFault | MalformedValue | JsonFault;
