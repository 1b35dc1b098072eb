import { type Components, components } from "./components.ts";
import { Digraph } from "./digraph.ts";
import type { Edge } from "./edge.ts";
import type { Stage } from "./stage.ts";

/**
 * The graph of what was declared, as far as it makes sense: each stage once, and the edges whose two ends exist. When
 * declarations are faulty it is what remains of them, so that the deeper checks can still say what they see.
 */
export interface Draft {
  /** In the order declared. */
  readonly stages: readonly Stage[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** By the declaration order of `from`, then of `to`. */
  readonly edges: readonly Edge[];
  readonly graph: Digraph;
  readonly components: Components;
  /** The same stages without the backward edges. */
  readonly forward: Digraph;
  readonly forwardComponents: Components;
  /** Edges with one end that exists. The deeper checks trust them, or one misspelt name would give three faults. */
  readonly dangling: { readonly inputs: readonly Edge[]; readonly outputs: readonly Edge[] };
}

export function draftOf(
  stages: readonly Stage[],
  indexOf: ReadonlyMap<string, number>,
  edges: readonly Edge[],
  dangling: Draft["dangling"],
): Draft {
  const place = (name: string): number => {
    const index = indexOf.get(name);
    if (index === undefined) throw new RangeError(`an edge names ${name}, which is not among the stages`);
    return index;
  };
  const placed = edges.map((edge) => ({ edge, from: place(edge.from), to: place(edge.to) }));
  placed.sort((a, b) => a.from - b.from || a.to - b.to);
  const digraph = (part: typeof placed): Digraph =>
    new Digraph(
      stages.length,
      part.map(({ from }) => from),
      part.map(({ to }) => to),
    );
  const graph = digraph(placed);
  const forward = digraph(placed.filter(({ edge }) => edge.kind === "forward"));
  return {
    stages,
    indexOf,
    edges: placed.map(({ edge }) => edge),
    graph,
    components: components(graph),
    forward,
    forwardComponents: components(forward),
    dangling,
  };
}
