import type { EdgeAnnotations } from "./annotations.ts";

/** A forward edge feeds what comes later; a backward edge closes a cycle. */
export const EDGE_KINDS = ["forward", "backward"] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

/** Which input of a join an edge is. An edge into a join that names no role is its stream. */
export const EDGE_ROLES = ["stream", "reference"] as const;
export type EdgeRole = (typeof EDGE_ROLES)[number];

/** The two ends of an edge. They are its identity: two stages have at most one edge in each direction. */
export interface EdgeEnds {
  readonly from: string;
  readonly to: string;
}

/** An edge as its author declares it; `kind` is "forward" where it is left out. */
export interface EdgeSpec extends EdgeEnds {
  readonly kind?: EdgeKind;
  readonly role?: EdgeRole;
  readonly annotations?: EdgeAnnotations;
}

/** An edge of a built topology. It is frozen, and both its ends exist. */
export interface Edge extends EdgeEnds {
  readonly kind: EdgeKind;
  readonly role?: EdgeRole;
  /** Always there; empty when the author gave none. */
  readonly annotations: EdgeAnnotations;
}
