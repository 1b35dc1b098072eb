import { cyclic } from "./components.ts";
import { at } from "./at.ts";
import type { Draft } from "./draft.ts";
import type { Edge } from "./edge.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Layering, layering } from "./layering.ts";
import { beyond } from "./reachability.ts";
import type { Stage } from "./stage.ts";

/** Stages that can all reach one another. */
export interface Component {
  /** The declaration index of its first member: the same however the graph was walked. */
  readonly id: number;
  /** Names, in the order declared. */
  readonly members: readonly string[];
  /** True of more than one member, and of a single one with an edge to itself. */
  readonly cyclic: boolean;
}

/**
 * A checked graph of stages, which never changes. Lists of stages and names are in the order declared, lists of edges by
 * the declaration order of `from`, then of `to`. Queries for a name that is not a stage of this topology give an empty
 * list or undefined. Building costs O((V + E) log V); queries for neighbours cost what they return, `ancestors` and
 * `descendants` O(V + E).
 */
export class Topology {
  readonly name: string;
  readonly stages: readonly Stage[];
  readonly edges: readonly Edge[];
  /**
   * Every stage once, after all that feed it over forward edges, ties by declaration. If forward edges run in a
   * circle, which "full" refuses, the stages on it stand together.
   */
  readonly order: readonly Stage[];
  readonly sources: readonly Stage[];
  readonly sinks: readonly Stage[];
  readonly observers: readonly Stage[];
  /** The strongly connected components over all edges, by ascending id. Most have one member. */
  readonly sccs: readonly Component[];
  /** Those of them that hold a cycle. */
  readonly cycles: readonly Component[];
  /**
   * Names along a longest path over forward edges; among equals the one that is declared first, from its end backwards.
   * A circle of forward edges counts as one stage and is shown by its first member.
   */
  readonly longestPath: readonly string[];

  readonly #draft: Draft;
  readonly #layering: Layering;
  readonly #componentOf: readonly Component[];
  readonly #inputs: readonly (readonly Edge[])[];
  readonly #outputs: readonly (readonly Edge[])[];
  #fingerprint: string | undefined;

  /** For this package alone: a draft without structural faults. */
  constructor(name: string, draft: Draft) {
    const { stages, edges, indexOf, components } = draft;
    this.#draft = draft;
    this.#layering = layering(draft.forward, draft.forwardComponents);
    this.name = name;
    this.stages = Object.freeze([...stages]);
    this.edges = Object.freeze([...edges]);
    this.order = Object.freeze(this.#layering.order.map((node) => this.#stageAt(node)));
    this.sources = Object.freeze(stages.filter(({ kind }) => kind === "source"));
    this.sinks = Object.freeze(stages.filter(({ kind }) => kind === "sink"));
    this.observers = Object.freeze(stages.filter(({ kind }) => kind === "observer"));
    this.longestPath = Object.freeze(this.#names(this.#layering.longestPath));

    const looped = cyclic(draft.graph, components);
    const byId = new Map(
      [...components.members].map(([id, nodes]) => [
        id,
        Object.freeze({ id, members: Object.freeze(this.#names(nodes)), cyclic: looped.has(id) }),
      ]),
    );
    this.sccs = Object.freeze([...byId.values()]);
    this.cycles = Object.freeze(this.sccs.filter((component) => component.cyclic));
    this.#componentOf = stages.map((_, node) => found(byId.get(at(components.idOf, node))));
    this.#outputs = grouped(stages.length, edges, ({ from }) => found(indexOf.get(from)));
    this.#inputs = grouped(stages.length, edges, ({ to }) => found(indexOf.get(to)));
  }

  has(name: string): boolean {
    return this.#draft.indexOf.has(name);
  }

  stage(name: string): Stage | undefined {
    const node = this.#draft.indexOf.get(name);
    return node === undefined ? undefined : this.stages[node];
  }

  /** The edge between two stages, if there is one. */
  edge({ from, to }: { readonly from: string; readonly to: string }): Edge | undefined {
    return this.outputs(from).find((edge) => edge.to === to);
  }

  /** The edges that end in a stage. */
  inputs(name: string): readonly Edge[] {
    return this.#inputs[this.#draft.indexOf.get(name) ?? -1] ?? NO_EDGES;
  }

  /** The edges that start from a stage. */
  outputs(name: string): readonly Edge[] {
    return this.#outputs[this.#draft.indexOf.get(name) ?? -1] ?? NO_EDGES;
  }

  /** The names of the stages that feed a stage directly. */
  upstream(name: string): readonly string[] {
    return this.inputs(name).map(({ from }) => from);
  }

  /** The names of the stages that a stage feeds directly. */
  downstream(name: string): readonly string[] {
    return this.outputs(name).map(({ to }) => to);
  }

  /** The names of all stages whose data can come to a stage: itself among them when it lies on a cycle. */
  ancestors(name: string): readonly string[] {
    return this.#beyond(name, "against");
  }

  /** The names of all stages that a stage's data can come to: itself among them when it lies on a cycle. */
  descendants(name: string): readonly string[] {
    return this.#beyond(name, "along");
  }

  /** The component that holds a stage, if it is a cycle. */
  cycleOf(name: string): Component | undefined {
    const component = this.#componentOf[this.#draft.indexOf.get(name) ?? -1];
    return component?.cyclic === true ? component : undefined;
  }

  isInCycle(name: string): boolean {
    return this.cycleOf(name) !== undefined;
  }

  /** The number of edges on the longest path to a stage over forward edges, where a circle counts as one stage. */
  depth(name: string): number | undefined {
    const node = this.#draft.indexOf.get(name);
    return node === undefined ? undefined : at(this.#layering.depthOf, node);
  }

  /**
   * SHA-256, as 64 hex digits, over the names and kinds of the stages and over the edges. It does not depend on the
   * order of declaration, on the flow's name or on annotations. The README tells what exactly is hashed.
   */
  get fingerprint(): string {
    this.#fingerprint ??= fingerprint(this);
    return this.#fingerprint;
  }

  #beyond(name: string, direction: "along" | "against"): readonly string[] {
    const node = this.#draft.indexOf.get(name);
    return node === undefined ? [] : this.#names(beyond(this.#draft.graph, node, direction));
  }

  #names(nodes: readonly number[]): readonly string[] {
    return nodes.map((node) => this.#stageAt(node).name);
  }

  #stageAt(node: number): Stage {
    return found(this.#draft.stages[node]);
  }
}

const NO_EDGES: readonly Edge[] = Object.freeze([]);

/** Edges by one of their ends, in their own order. */
function grouped(count: number, edges: readonly Edge[], key: (edge: Edge) => number): readonly (readonly Edge[])[] {
  const groups: Edge[][] = Array.from({ length: count }, () => []);
  for (const edge of edges) groups[key(edge)]?.push(edge);
  for (const group of groups) Object.freeze(group);
  return groups;
}

/** What a checked graph must hold; its absence is a bug of this package. */
function found<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError("a topology lost a part of itself");
  return value;
}
