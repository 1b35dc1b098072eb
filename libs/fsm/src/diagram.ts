import type { Describable } from "./description.ts";

/** A machine as boxes and arrows, in the order of its description. Ids are safe in every notation, texts are raw. */
export interface Diagram {
  readonly name: string;
  readonly initial: string;
  readonly nodes: readonly DiagramNode[];
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly text: string }[];
}

export interface DiagramNode {
  readonly id: string;
  readonly kind: "state" | "final" | "wildcard";
  /** The name, then what happens within the state. */
  readonly lines: readonly [string, ...string[]];
}

/** The id of the node that stands for the states a wildcard speaks for. */
const ANY = "any";

/** Lays a machine out for the notations. Events that are ignored are not shown. */
export function diagram(machine: Describable): Diagram {
  const { name, initial, states, finals, edges, wildcards, timeouts } = machine.describe();
  const ids = new Map(states.map((state, index) => [state, `s${index}`]));
  const idOf = (state: string): string => ids.get(state) ?? ANY;
  const ends = new Set(finals);
  const stays = (answers: readonly { readonly kind: string; readonly event: string }[]): string[] =>
    answers.filter(({ kind }) => kind === "stay").map(({ event }) => `stays on ${event}`);
  const nodes = states.map((state): DiagramNode => {
    const after = timeouts
      .filter((timeout) => timeout.state === state)
      .map((timeout) => `after ${timeout.after}${typeof timeout.after === "number" ? " ms" : ""}: ${timeout.event}`);
    return {
      id: idOf(state),
      kind: ends.has(state) ? "final" : "state",
      lines: [state, ...after, ...stays(edges.filter(({ from }) => from === state))],
    };
  });
  const shown = wildcards.filter(({ kind }) => kind !== "ignore");
  return {
    name,
    initial: idOf(initial),
    nodes:
      shown.length === 0
        ? nodes
        : [...nodes, { id: ANY, kind: "wildcard", lines: ["any other state", ...stays(wildcards)] }],
    arrows: [
      ...edges.flatMap(({ from, event, to }) =>
        to.map((target) => ({ from: idOf(from), to: idOf(target), text: event })),
      ),
      ...wildcards.flatMap(({ event, to }) => to.map((target) => ({ from: ANY, to: idOf(target), text: event }))),
    ],
  };
}
