// Six tables of prices, of two types, brought into one order of time: every price of a share meets the level of the index in the
// same month.
//
//   npx refold run apps/examples/src/against-the-index.flow.ts
import { always, conflate, flow, onEnd } from "refold";

import { readIndex, readStock } from "./prices.ts";

export default flow("against-the-index", (f) => {
  const index = f.source("index", readIndex).map("levels", (level) => ({ kind: "index" as const, ...level }));
  const shares = ["MSFT", "AMZN", "IBM", "GOOG", "AAPL"].map((symbol) =>
    f
      .source(symbol.toLowerCase(), () => readStock(symbol))
      .map(`${symbol.toLowerCase()}-prices`, (price) => ({ kind: "share" as const, ...price })),
  );

  // The earliest record of all streams comes first; of equal times that of the first stream, here the index. The order goes on
  // record, so a replay meets the same pairs.
  const aligned = f.mergeOrdered(({ monthMs }) => monthMs, index, ...shares);

  const compared = aligned
    .stateful("compared", {
      initial: (): Comparing => ({ points: 0, first: new Map(), latest: undefined }),
      fold(state, record) {
        if (record.kind === "index") return { ...state, points: record.points, latest: undefined };
        const { symbol, monthMs, dollars } = record;
        const ratio = dollars / state.points;
        if (!state.first.has(symbol)) state.first.set(symbol, ratio);
        return { ...state, latest: { symbol, monthMs, growth: ratio / (state.first.get(symbol) ?? ratio) } };
      },
      project: ({ latest }) => (latest === undefined ? [] : [latest]),
      emit: always(),
    })
    .stateful("now", conflate({ key: ({ symbol }) => symbol, emit: onEnd() }));

  compared.sink("out", ({ symbol, growth }) =>
    console.log(`${symbol}: ${growth.toFixed(2)} times what the index would have made of it`),
  );
});

interface Comparing {
  /** How the index stands. */
  readonly points: number;
  /** What a share cost at first, in points of the index. */
  readonly first: Map<string, number>;
  /** What came last, if it was a share. */
  readonly latest: { readonly symbol: string; readonly monthMs: number; readonly growth: number } | undefined;
}
