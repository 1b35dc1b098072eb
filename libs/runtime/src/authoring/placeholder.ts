/** By this name a placeholder is told from other functions, also one made by another copy of this package. */
const WHY = Symbol.for("refold.placeholder");

/** Thrown by a placeholder that is called. */
export class PlaceholderCalled extends Error {
  constructor(why: string) {
    super(`a placeholder was called, where nothing is written yet: ${why}`);
    this.name = "PlaceholderCalled";
  }
}

/** A function that takes anything and never returns, so that it fits wherever one is asked for. */
export type NotWritten<Output> = (...given: readonly unknown[]) => Output;

/**
 * Stands for a function that is not written yet, wherever one is asked for: a handler of any stage, what opens a source, a sink.
 * A flow with placeholders can be built and drawn; a run of it is refused, for the reasons given here. Where later stages need
 * to know what the function will return, name it: `orders.map("priced", placeholder<Priced>("prices are not settled"))`.
 */
export function placeholder<Output = never>(why: string): NotWritten<NoInfer<Output>> {
  const stand = (): never => {
    throw new PlaceholderCalled(why);
  };
  return Object.assign(stand, { [WHY]: why });
}

const MAX_DEPTH = 3;

/** The reasons of all placeholders within a value. */
export function placeholdersIn(value: unknown, depth: number = 0): readonly string[] {
  if (typeof value === "function") {
    const why = (value as { readonly [WHY]?: unknown })[WHY];
    return typeof why === "string" ? [why] : [];
  }
  if (typeof value !== "object" || value === null || depth >= MAX_DEPTH) return [];
  return Object.values(value).flatMap((inner) => placeholdersIn(inner, depth + 1));
}
