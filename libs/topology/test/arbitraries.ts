import fc from "fast-check";
import {
  type EdgeAnnotations,
  type EdgeSpec,
  STAGE_KINDS,
  type StageAnnotations,
  type StageSpec,
  type Topology,
  topology,
} from "../src/index.ts";

/** Checks a property on the same examples in every run. */
export function holds<Ts>(property: fc.IProperty<Ts>, numRuns = 200): void {
  fc.assert(property, { seed: 20_260_101, numRuns });
}

/** A small graph as pairs of nodes, without repetition. */
export interface Pairs {
  readonly count: number;
  readonly edges: readonly (readonly [from: number, to: number])[];
}

export function arbitraryPairs({ maxCount }: { readonly maxCount: number }): fc.Arbitrary<Pairs> {
  return fc.integer({ min: 0, max: maxCount }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      edges: count === 0 ? fc.constant([]) : uniquePairs(count),
    }),
  );
}

/** The same without cycles: nodes are numbered at random, edges follow a hidden order. */
export function arbitraryAcyclicPairs({ maxCount }: { readonly maxCount: number }): fc.Arbitrary<Pairs> {
  return arbitraryPairs({ maxCount }).chain(({ count, edges }) =>
    fc
      .shuffledSubarray(
        Array.from({ length: count }, (_, node) => node),
        { minLength: count },
      )
      .map((numbering) => ({
        count,
        edges: edges
          .filter(([from, to]) => from < to)
          .map(([from, to]) => [numbering[from] ?? 0, numbering[to] ?? 0] as const),
      })),
  );
}

function uniquePairs(count: number): fc.Arbitrary<(readonly [number, number])[]> {
  const node = fc.integer({ min: 0, max: count - 1 });
  return fc.uniqueArray(fc.tuple(node, node), { selector: ([from, to]) => from * count + to, maxLength: count * 3 });
}

const arbitraryName = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,12}$/).filter((name) => name !== "system");
const arbitraryText = fc.string({ unit: "binary", maxLength: 8 });
const arbitraryNotes = fc.dictionary(fc.oneof(arbitraryText, fc.constant("__proto__")), arbitraryText, { maxKeys: 3 });
const arbitraryContracts = fc.array(
  fc.record(
    { name: arbitraryText, verdict: fc.constantFrom("pending", "held", "violated") },
    { requiredKeys: ["name"] },
  ),
  { maxLength: 2 },
);

const arbitraryStageAnnotations: fc.Arbitrary<StageAnnotations> = fc.record(
  {
    typing: fc.record({ input: arbitraryText, output: arbitraryText }, { requiredKeys: [] }),
    policies: fc.array(fc.record({ name: arbitraryText, detail: arbitraryText }, { requiredKeys: ["name"] }), {
      maxLength: 2,
    }),
    join: fc.record({
      mode: fc.constantFrom("inner", "left", "strict"),
      reference: fc.constantFrom("finite", "live"),
    }),
    guarantee: fc.constantFrom("exactly-once", "idempotent", "at-least-once"),
    contracts: arbitraryContracts,
    status: arbitraryText,
    notes: arbitraryNotes,
  },
  { requiredKeys: [] },
);

const arbitraryEdgeAnnotations: fc.Arbitrary<EdgeAnnotations> = fc.record(
  {
    type: arbitraryText,
    flowControl: fc.constantFrom("off", "track", "enforce"),
    contracts: arbitraryContracts,
    status: arbitraryText,
    notes: arbitraryNotes,
  },
  { requiredKeys: [] },
);

export interface Declaration {
  readonly name: string;
  readonly stages: readonly StageSpec[];
  readonly edges: readonly EdgeSpec[];
}

/** Stages and edges without structural faults, and with any other. */
export function arbitraryDeclaration({ maxCount }: { readonly maxCount: number }): fc.Arbitrary<Declaration> {
  return fc.uniqueArray(arbitraryName, { maxLength: maxCount }).chain((names) =>
    fc.record({
      name: arbitraryName,
      stages: fc.tuple(
        ...names.map((name) =>
          fc.record<StageSpec, "name" | "kind">(
            { name: fc.constant(name), kind: fc.constantFrom(...STAGE_KINDS), annotations: arbitraryStageAnnotations },
            { requiredKeys: ["name", "kind"] },
          ),
        ),
      ),
      edges: names.length === 0 ? fc.constant([]) : arbitraryEdges(names),
    }),
  );
}

function arbitraryEdges(names: readonly string[]): fc.Arbitrary<EdgeSpec[]> {
  return uniquePairs(names.length)
    .chain((pairs) =>
      fc.tuple(
        ...pairs.map(([from, to]) =>
          fc.record<EdgeSpec, "from" | "to">(
            {
              from: fc.constant(names[from] ?? ""),
              to: fc.constant(names[to] ?? ""),
              kind: fc.constantFrom("forward", "backward"),
              role: fc.constantFrom("stream", "reference"),
              annotations: arbitraryEdgeAnnotations,
            },
            { requiredKeys: ["from", "to"] },
          ),
        ),
      ),
    )
    .map((edges) => edges.filter(({ from, to, kind }) => from !== to || kind === "backward"));
}

/** Any topology that is sound in structure. */
export function arbitraryTopology({ maxCount }: { readonly maxCount: number }): fc.Arbitrary<Topology> {
  return arbitraryDeclaration({ maxCount }).map((declaration) =>
    declared(declaration).build("structural")._unsafeUnwrap(),
  );
}

export function declared({ name, stages, edges }: Declaration): ReturnType<typeof topology> {
  const builder = topology(name);
  for (const stage of stages) builder.stage(stage);
  for (const edge of edges) builder.edge(edge);
  return builder;
}

/** A flow drawn in words, such as `flowOf("a:source b:transform", "a>b b~>a")`; `~>` is a backward edge. */
export function flowOf(stages: string, edges = ""): ReturnType<typeof topology> {
  const builder = topology("flow");
  for (const text of stages.split(" ").filter(Boolean)) {
    const [name = "", kind] = text.split(":");
    builder.stage({ name, kind: STAGE_KINDS.find((known) => known === kind) ?? "transform" });
  }
  for (const text of edges.split(" ").filter(Boolean)) {
    const [ends = "", role] = text.split(":");
    const backward = ends.includes("~>");
    const [from = "", to = ""] = ends.split(backward ? "~>" : ">");
    builder.edge({
      from,
      to,
      kind: backward ? "backward" : "forward",
      ...(role === "stream" || role === "reference" ? { role } : {}),
    });
  }
  return builder;
}

/** For each node, the nodes that one or more edges lead to: Warshall's cubic closure, kept plain to be an oracle. */
export function closure({ count, edges }: Pairs): boolean[][] {
  const reach = Array.from({ length: count }, () => Array.from({ length: count }, () => false));
  for (const [from, to] of edges) (reach[from] ?? [])[to] = true;
  for (let via = 0; via < count; via += 1) {
    for (const row of reach) {
      if (row[via] === true) reach[via]?.forEach((reached, to) => (row[to] ||= reached));
    }
  }
  return reach;
}

export const pairsOf = ({ stages, edges }: Topology): Pairs => {
  const index = new Map(stages.map(({ name }, place) => [name, place]));
  return { count: stages.length, edges: edges.map(({ from, to }) => [index.get(from) ?? -1, index.get(to) ?? -1]) };
};
