// How large each package of a library is, with all that is in it. A class counts for the package around it, for the one around
// that, and so on outwards: each goes round a cycle until it has come out at the top.
//
//   npx refold run apps/examples/src/package-sizes.flow.ts
import { flow, onEnd, topNBy } from "refold";

import { readFlare } from "./flare.ts";

/** So many bytes that count for a package. */
interface Share {
  readonly of: number;
  readonly bytes: number;
}

export default flow("package-sizes", (f) => {
  const nodes = new Map(readFlare().map((node) => [node.id, node]));
  const classes = f.source("classes", () => [...nodes.values()].filter(({ bytes }) => bytes !== undefined));

  const first = classes.flatMap("first", ({ parent, bytes = 0 }): readonly Share[] =>
    parent === undefined ? [] : [{ of: parent, bytes }],
  );
  // The way back is read before what feeds it is declared. The cycle ends when its input has ended and nothing goes round.
  const outwards = f.feedback<Share>();
  const shares = f.merge(first, outwards).map("shares", (share) => share);
  outwards.connect(
    shares.flatMap("outer", ({ of, bytes }): readonly Share[] => {
      const parent = nodes.get(of)?.parent;
      return parent === undefined ? [] : [{ of: parent, bytes }];
    }),
  );

  shares
    .stateful("largest", topNBy({ n: 10, key: ({ of }) => of, by: ({ bytes }) => bytes, emit: onEnd() }))
    .map("named", ({ rank, key, sum }) => ({ rank, package: nodes.get(key)?.name ?? "", bytes: sum }))
    .sink("out", ({ rank, package: name, bytes }) => console.log(`${rank}. ${name}: ${bytes} bytes`));
});
