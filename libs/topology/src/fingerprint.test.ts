import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryDeclaration, declared, flowOf, holds } from "../test/arbitraries.ts";
import { type Topology, topology } from "./index.ts";

const built = (stages: string, edges = ""): Topology => flowOf(stages, edges).build("structural")._unsafeUnwrap();

it("is for ever what it is, in every process and runtime", () => {
  expect(built("orders:source priced report:sink", "orders>priced priced>report").fingerprint).toBe(
    "a70b299ea1e2eaa465e097bc6d8ff5e3f1b6f80cddca183c6407a5221983cbb3",
  );
});

it("is the SHA-256 of the text that is documented", () => {
  const text =
    '["refold-topology-fingerprint/1",' +
    '[["a","source"],["b","source"],["j","join"],["t","transform"]],' +
    '[["a","j","forward",""],["b","j","forward","reference"],["t","t","backward",""]]]';
  expect(built("t j:join b:source a:source", "t~>t b>j:reference a>j").fingerprint).toBe(
    createHash("sha256").update(text).digest("hex"),
  );
});

it("does not depend on the order of declaration, the flow's name or annotations", () => {
  const shuffled = arbitraryDeclaration({ maxCount: 6 }).chain((declaration) =>
    fc.record({
      declaration: fc.constant(declaration),
      stages: fc.shuffledSubarray([...declaration.stages], { minLength: declaration.stages.length }),
      edges: fc.shuffledSubarray([...declaration.edges], { minLength: declaration.edges.length }),
    }),
  );
  holds(
    fc.property(shuffled, ({ declaration, stages, edges }) => {
      const other = declared({
        name: "other",
        stages: stages.map(({ name, kind }) => ({ name, kind, annotations: { status: "new" } })),
        edges,
      });
      expect(other.build("structural")._unsafeUnwrap().fingerprint).toBe(
        declared(declaration).build("structural")._unsafeUnwrap().fingerprint,
      );
    }),
  );
});

describe("differs", () => {
  const whole = built("a:source b c:join", "a>b a>c b>c");
  it.each([
    ["when a stage has another name", built("a:source x c:join", "a>x a>c x>c")],
    ["when a stage has another kind", built("a:source b:stateful c:join", "a>b a>c b>c")],
    ["when a stage is added", built("a:source b c:join d", "a>b a>c b>c")],
    ["when an edge is missing", built("a:source b c:join", "a>b b>c")],
    ["when an edge is turned", built("a:source b c:join", "b>a a>c b>c")],
    ["when an edge leads back", built("a:source b c:join", "a>b a>c b~>c")],
    ["when an input has another role", built("a:source b c:join", "a>b a>c b>c:reference")],
  ])("%s", (_, other) => {
    expect(other.fingerprint).not.toBe(whole.fingerprint);
  });

  it("when names only read the same side by side", () => {
    const prints = [
      built("a bc", "a>bc"),
      built("ab c", "ab>c"),
      built("a b c", "a>b"),
      built("a.b c", "a.b>c"),
      built("a b.c", "a>b.c"),
      topology("f").build("structural")._unsafeUnwrap(),
    ].map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
  });
});
