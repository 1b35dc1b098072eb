import type { FlowFault } from "../definition/flow-fault.ts";

/** A stage as far as a join's inputs depend on it. */
export interface CheckedStage {
  readonly name: string;
  readonly kind: string;
  readonly hydrates: boolean;
  /** The names of the stages behind each of its inputs: of a join the stream first, then its references. */
  readonly inputs: readonly (readonly string[])[];
}

/** What is wrong with the joins of a graph, whatever else is wrong with it. */
export function joinFaults(stages: readonly CheckedStage[]): readonly (SelfJoinFault | WaitFault)[] {
  const joins = stages.filter(({ kind }) => kind === "join");
  const selfJoins = joins.flatMap(selfJoinFaults);
  const sound = joins.filter(({ name }) => !selfJoins.some((fault) => fault.stage === name));
  return [...selfJoins, ...waitFaults(stages, sound)];
}

type SelfJoinFault = Extract<FlowFault, { kind: "joined-with-itself" }>;
type WaitFault = Extract<FlowFault, { kind: "join-waits-for-itself" }>;

function selfJoinFaults({ name, inputs }: CheckedStage): readonly SelfJoinFault[] {
  const [stream = [], ...references] = inputs;
  const seen = new Set(stream);
  const twice = new Set<string>();
  for (const reference of references) {
    for (const from of reference) if (seen.has(from)) twice.add(from);
    for (const from of reference) seen.add(from);
  }
  return [...twice].map((from) => ({ kind: "joined-with-itself", stage: name, from }));
}

/** A source that a join holds back, and one whose end it waits for. */
interface Wait {
  readonly join: string;
  readonly holds: string;
  readonly until: string;
}

/**
 * A join that reads its references first holds its stream, and so every source behind it once their credit is used up, until
 * every source behind its references has ended. Sources that wait for one another in a circle never end.
 */
function waitFaults(stages: readonly CheckedStage[], joins: readonly CheckedStage[]): readonly WaitFault[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const waits = joins
    .filter(({ hydrates }) => hydrates)
    .flatMap(({ name, inputs: [stream = [], ...references] }) => {
      const held = sourcesBehind(stream, byName, "held");
      const awaited = sourcesBehind(references.flat(), byName, "awaited");
      return held.flatMap((holds) => awaited.map((until): Wait => ({ join: name, holds, until })));
    });
  const shortest = new Map<string, readonly Wait[]>();
  for (const wait of waits) {
    const circle = circleOf(wait, waits);
    if (circle === undefined || circle.length >= (shortest.get(wait.join)?.length ?? Number.POSITIVE_INFINITY))
      continue;
    shortest.set(wait.join, circle);
  }
  return [...shortest].map(([stage, circle]) => {
    const others = [...new Set(circle.map(({ join }) => join))].filter((join) => join !== stage);
    return { kind: "join-waits-for-itself", stage, source: (circle[0] as Wait).holds, others };
  });
}

/**
 * The sources whose records come to these stages. Those that a join ahead holds back are not the ones behind its own
 * references: it reads these whatever becomes of its outputs.
 */
function sourcesBehind(
  names: readonly string[],
  stages: ReadonlyMap<string, CheckedStage>,
  which: "held" | "awaited",
): readonly string[] {
  const seen = new Set(names);
  const sources: string[] = [];
  for (const name of seen) {
    const stage = stages.get(name);
    if (stage?.kind === "source") sources.push(name);
    const inputs = stage?.inputs ?? [];
    const followed = which === "held" && stage?.hydrates === true ? inputs.slice(0, 1) : inputs;
    for (const from of followed.flat()) seen.add(from);
  }
  return sources;
}

/** The waits that lead from one back to the source that it holds, the fewest there are. */
function circleOf(first: Wait, waits: readonly Wait[]): readonly Wait[] | undefined {
  const paths: (readonly Wait[])[] = [[first]];
  const seen = new Set([first.until]);
  for (const path of paths) {
    const { until } = path.at(-1) as Wait;
    if (until === first.holds) return path;
    for (const next of waits) {
      if (next.holds !== until || seen.has(next.until)) continue;
      seen.add(next.until);
      paths.push([...path, next]);
    }
  }
  return undefined;
}
