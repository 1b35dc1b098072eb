import { batches, poll, seekable, type FlowBuilder } from "../src/index.ts";

export interface SourcePlan {
  readonly items: readonly number[];
  readonly opened: (typeof OPENINGS)[number];
}

export const OPENINGS = [
  "at once",
  "by a function",
  "by a promise",
  "asynchronously",
  "polled",
  "polled later",
  "in batches",
  "in batches later",
  "where it stood",
] as const;

/** A source as a flow takes it. */
export function opened({ items, opened: how }: SourcePlan): Parameters<FlowBuilder["source"]>[1] {
  switch (how) {
    case "at once":
      return items;
    case "by a function":
      return () => items;
    case "by a promise":
      return async () => items;
    case "asynchronously":
      return async function* () {
        for (const [index, item] of items.entries()) {
          if (index % 5 === 0) await Promise.resolve();
          yield item;
        }
      };
    case "polled":
    case "polled later": {
      const page = (cursor: unknown, limit: number) => {
        const from = (cursor as number | undefined) ?? 0;
        const given = items.slice(from, from + Math.min(limit, 7));
        return { items: given, cursor: from + given.length, done: from + given.length === items.length, againMs: 0 };
      };
      if (how === "polled") return poll(({ cursor, limit }) => page(cursor, limit));
      return poll(async ({ cursor, limit }) => page(cursor, limit));
    }
    case "in batches":
      return batches(() => paged(items));
    case "in batches later":
      return batches(async function* () {
        for (const list of paged(items)) yield await Promise.resolve(list);
      });
    case "where it stood":
      return seekable(({ skip }) => items.slice(skip));
  }
}

/** Lists of none to four of the items, in order. */
function* paged(items: readonly number[]): Generator<readonly number[]> {
  for (let from = 0, length = 0; from < items.length; from += length, length = (length + 1) % 5) {
    yield items.slice(from, from + length);
  }
}
