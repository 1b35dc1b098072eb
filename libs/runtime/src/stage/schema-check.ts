import type { ContractRecord, DataRecord, EventType, LaneId, TypeId } from "@refold/core";

import { contract } from "./contract-record.ts";

/** The schema of a type that an upstream lane emits, where the edge asks for it to be checked. */
export interface CheckedType {
  readonly from: LaneId;
  readonly type: TypeId;
  readonly schema: Schema;
}

type Schema = NonNullable<EventType<unknown>["schema"]>;

interface CheckedEdge {
  readonly schemas: Map<TypeId, Schema>;
  satisfied: number;
  checked: number;
}

/** Holds payloads against the schemas of their edges, and counts those that satisfy them. */
export class SchemaCheck {
  readonly #edges: ReadonlyMap<LaneId, CheckedEdge>;

  constructor(types: readonly CheckedType[]) {
    const edges = new Map<LaneId, CheckedEdge>();
    for (const { from, type, schema } of types) {
      const edge = edges.get(from) ?? { schemas: new Map(), satisfied: 0, checked: 0 };
      edge.schemas.set(type, schema);
      edges.set(from, edge);
    }
    this.#edges = edges;
  }

  /** What is wrong with a payload, if anything is. A schema says so at once: a step cannot wait for one. */
  problem(from: LaneId, record: DataRecord): string | undefined {
    const edge = this.#edges.get(from);
    if (edge?.schemas.has(record.type) !== true) return undefined;
    const problem = this.find(from, record);
    edge.checked++;
    if (problem === undefined) edge.satisfied++;
    return problem;
  }

  /** As `problem`, without counting. */
  find(from: LaneId, { type, payload }: DataRecord): string | undefined {
    const schema = this.#edges.get(from)?.schemas.get(type);
    if (schema === undefined) return undefined;
    let result: ReturnType<Schema["~standard"]["validate"]>;
    try {
      result = schema["~standard"].validate(payload);
    } catch (cause) {
      return `its schema threw: ${cause instanceof Error ? cause.message : String(cause)}`;
    }
    if ("then" in result) return "its schema answers with a promise; an edge needs one that answers at once";
    if (result.issues === undefined) return undefined;
    return result.issues.map((issue) => `${pathText(issue.path)}${issue.message}`).join("; ");
  }

  /** Evidence for the record, for each edge that was checked. */
  contracts(): readonly ContractRecord[] {
    return [...this.#edges].map(([from, { checked, satisfied }]) => contract("schema", from, checked, satisfied));
  }
}

type Path = readonly (PropertyKey | { readonly key: PropertyKey })[];

function pathText(path: Path | undefined): string {
  if (path === undefined || path.length === 0) return "";
  return `${path.map((step) => String(typeof step === "object" ? step.key : step)).join(".")}: `;
}
