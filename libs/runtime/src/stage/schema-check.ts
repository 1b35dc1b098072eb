import type { ContractRecord, EventType, LaneId } from "@refold/core";

import { contract } from "./contract-record.ts";

/** The schema of what an upstream lane emits, where the edge asks for it to be checked. */
export interface CheckedEdge {
  readonly from: LaneId;
  readonly schema: NonNullable<EventType<unknown>["schema"]>;
}

/** Holds payloads against the schemas of their edges, and counts those that satisfy them. */
export class SchemaCheck {
  readonly #edges: ReadonlyMap<LaneId, CheckedEdge & { satisfied: number; checked: number }>;

  constructor(edges: readonly CheckedEdge[]) {
    this.#edges = new Map(edges.map((edge) => [edge.from, { ...edge, satisfied: 0, checked: 0 }]));
  }

  /** What is wrong with a payload, if anything is. A schema says so at once: a step cannot wait for one. */
  problem(from: LaneId, payload: unknown): string | undefined {
    const edge = this.#edges.get(from);
    if (edge === undefined) return undefined;
    edge.checked++;
    let result: ReturnType<(typeof edge.schema)["~standard"]["validate"]>;
    try {
      result = edge.schema["~standard"].validate(payload);
    } catch (cause) {
      return `its schema threw: ${cause instanceof Error ? cause.message : String(cause)}`;
    }
    if ("then" in result) return "its schema answers with a promise; an edge needs one that answers at once";
    if (result.issues === undefined) {
      edge.satisfied++;
      return undefined;
    }
    return result.issues.map((issue) => `${pathText(issue.path)}${issue.message}`).join("; ");
  }

  /** Evidence for the record, for each edge that was checked. */
  contracts(): readonly ContractRecord[] {
    return [...this.#edges.values()].map(({ from, checked, satisfied }) =>
      contract("schema", from, checked, satisfied),
    );
  }
}

type Path = readonly (PropertyKey | { readonly key: PropertyKey })[];

function pathText(path: Path | undefined): string {
  if (path === undefined || path.length === 0) return "";
  return `${path.map((step) => String(typeof step === "object" ? step.key : step)).join(".")}: `;
}
