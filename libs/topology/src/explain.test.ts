import { expect, it } from "vitest";
import { explainTopologyFault, type TopologyFault } from "./index.ts";

const members = ["a", "b"];
const edge = { from: "a", to: "b" };

const EXAMPLES: { readonly [K in TopologyFault["kind"]]: readonly Extract<TopologyFault, { readonly kind: K }>[] } = {
  "malformed-flow-name": [{ kind: "malformed-flow-name", name: "a b", problem: "bad-character" }],
  "malformed-stage-name": (["empty", "too-long", "leading-dot", "bad-character", "reserved"] as const).map(
    (problem) => ({ kind: "malformed-stage-name", stage: "a", index: 3, problem }) as const,
  ),
  "duplicate-stage": [{ kind: "duplicate-stage", stage: "a", index: 2 }],
  "unknown-stage": [
    { kind: "unknown-stage", edge, end: "to", stage: "b" },
    { kind: "unknown-stage", edge, end: "to", stage: "b", nearest: "bb" },
  ],
  "duplicate-edge": [{ kind: "duplicate-edge", edge }],
  "self-edge": [{ kind: "self-edge", stage: "a" }],
  "too-large": [{ kind: "too-large", what: "edges", count: 11, limit: 10 }],
  "empty-flow": [{ kind: "empty-flow" }],
  "no-source": [{ kind: "no-source" }],
  "source-with-input": [{ kind: "source-with-input", stage: "a", from: ["b"] }],
  "terminal-with-output": [{ kind: "terminal-with-output", stage: "a", stageKind: "sink", to: ["b"] }],
  "no-input": [{ kind: "no-input", stage: "a", stageKind: "join" }],
  "join-with-one-input": [{ kind: "join-with-one-input", stage: "a", from: "b" }],
  "join-without-role": [
    { kind: "join-without-role", stage: "a", missing: "stream" },
    { kind: "join-without-role", stage: "a", missing: "reference" },
  ],
  "role-outside-join": [{ kind: "role-outside-join", edge, stageKind: "sink" }],
  "unreachable-stage": [{ kind: "unreachable-stage", stage: "a" }],
  "dead-end": [{ kind: "dead-end", stage: "a" }],
  "forward-cycle": [{ kind: "forward-cycle", members }],
  "cycle-through": [{ kind: "cycle-through", stage: "a", stageKind: "stateful", members }],
  "cycle-entries": [{ kind: "cycle-entries", members, entries: members }],
  "fed-only-backward": [{ kind: "fed-only-backward", stage: "a", members }],
  "backward-without-cycle": [{ kind: "backward-without-cycle", edge }],
  "malformed-value": [
    { kind: "malformed-value", path: "", expected: "an object", found: "null" },
    { kind: "malformed-value", path: "stages[0].kind", expected: "a string", found: "the number 1" },
  ],
  "unsupported-version": [{ kind: "unsupported-version", found: 2, supported: 1 }],
  "fingerprint-mismatch": [{ kind: "fingerprint-mismatch", expected: "00", actual: "ff" }],
};

it.each(Object.values(EXAMPLES).flat())(
  "says of $kind what is wrong and what to do, each in its own words",
  (fault) => {
    const text = explainTopologyFault(fault);
    const sentences = text.split(/(?<=[.?]) (?=[A-Z])/);
    expect(sentences.length).toBeGreaterThanOrEqual(2);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*[.?]$/);
    expect(text).not.toMatch(/undefined|\[object|NaN| {2}/);
    if ("stage" in fault && fault.kind !== "malformed-stage-name") expect(text).toContain(JSON.stringify(fault.stage));
    if ("edge" in fault) expect(text).toContain('"a" → "b"');
    if ("members" in fault) expect(text).toMatch(/"a" (and|→) "b"/);
  },
);

it("shows a circle as a circle, and at most a dozen of its members", () => {
  expect(explainTopologyFault({ kind: "forward-cycle", members: ["a", "c", "b"] })).toContain('"a" → "c" → "b" → "a"');
  const long = Array.from({ length: 100_000 }, (_, i) => `s${i}`);
  const text = explainTopologyFault({ kind: "forward-cycle", members: long });
  expect(text).toContain('"s11" → (99988 more) → "s0"');
  expect(text.length).toBeLessThan(400);
});

it("shows line breaks and control characters of a name as escapes, and cuts a long one", () => {
  const name = "a\n\u001b[31m";
  expect(explainTopologyFault({ kind: "malformed-flow-name", name, problem: "bad-character" })).toContain(
    String.raw`"a\n\u001b[31m"`,
  );
  const text = explainTopologyFault({ kind: "malformed-flow-name", name: "x".repeat(5000), problem: "too-long" });
  expect(text.length).toBeLessThan(200);
});
