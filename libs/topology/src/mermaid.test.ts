import fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryTopology, flowOf, holds } from "../test/arbitraries.ts";
import { toMermaid, topology } from "./index.ts";

it("draws a shape for each kind, dotted backward edges, roles and annotations", () => {
  const graph = flowOf(
    "in:source rates:source t j:join f:stateful e:effectful out:sink seen:observer",
    "in>t t~>t t>j rates>j:reference j>f f>e e>out t>seen",
  );
  expect(toMermaid(graph.build("full")._unsafeUnwrap())).toBe(`flowchart LR
  s0(["in<br/>source"])
  s1(["rates<br/>source"])
  s2["t<br/>transform"]
  s3{{"j<br/>join"}}
  s4[("f<br/>stateful")]
  s5[["e<br/>effectful"]]
  s6[/"out<br/>sink"\\]
  s7("seen<br/>observer")
  s0 --> s2
  s1 -->|"reference"| s3
  s2 -.-> s2
  s2 --> s3
  s2 --> s7
  s3 --> s4
  s4 --> s5
  s5 --> s6
`);
});

it("shows every annotation there is", () => {
  const graph = topology("f")
    .stage({
      name: "j",
      kind: "join",
      annotations: {
        typing: { input: "A", output: "B" },
        policies: [{ name: "retry", detail: "3 times" }, { name: "timeout" }],
        join: { mode: "strict", reference: "live" },
        guarantee: "at-least-once",
        contracts: [{ name: "source", verdict: "held" }],
        status: "running",
        notes: { owner: "ops" },
      },
    })
    .edge({
      from: "j",
      to: "j",
      kind: "backward",
      annotations: {
        type: "B",
        flowControl: "enforce",
        contracts: [{ name: "transport" }],
        status: "idle",
        notes: { a: "b" },
      },
    });
  const lines = toMermaid(graph.build("structural")._unsafeUnwrap()).split("\n");
  expect(lines[1]).toBe(
    '  s0{{"j<br/>join<br/>A → B<br/>strict join, live reference<br/>retry (3 times)<br/>timeout<br/>at-least-once<br/>' +
      'contract source (held)<br/>status#58; running<br/>owner#58; ops"}}',
  );
  expect(lines[2]).toBe(
    '  s0 -.->|"B<br/>flow control#58; enforce<br/>contract transport<br/>status#58; idle<br/>a#58; b"| s0',
  );
});

it("leaves out what is empty, for Mermaid refuses an empty label", () => {
  const graph = topology("f")
    .stage({ name: "a", kind: "transform", annotations: { typing: {} } })
    .edge({ from: "a", to: "a", kind: "backward", annotations: { type: "" } });
  expect(toMermaid(graph.build("structural")._unsafeUnwrap())).toBe(
    'flowchart LR\n  s0["a<br/>transform"]\n  s0 -.-> s0\n',
  );
});

it("draws a stage dashed that cannot run yet, and says why", () => {
  const graph = topology("f")
    .stage({ name: "a", kind: "source" })
    .stage({ name: "b", kind: "sink", annotations: { placeholder: "no account yet" } })
    .edge({ from: "a", to: "b" });
  expect(toMermaid(graph.build("full")._unsafeUnwrap())).toBe(
    [
      "flowchart LR",
      '  s0(["a<br/>source"])',
      '  s1[/"b<br/>sink<br/>placeholder#58; no account yet"\\]',
      "  s0 --> s1",
      "  style s1 stroke-dasharray: 5 5",
      "",
    ].join("\n"),
  );
});

/** The part of Mermaid's grammar that may come up: one statement to a line, labels without any special character. */
const LABEL = String.raw`"(?:[\p{L}\p{M}\p{N} ,.()→_-]|#[0-9]+;|<br/>)+"`;
const NODE = new RegExp(
  `^  s[0-9]+(?:\\(\\[${LABEL}\\]\\)|\\[${LABEL}\\]|\\[\\(${LABEL}\\)\\]|\\{\\{${LABEL}\\}\\}|\\[\\[${LABEL}\\]\\]|\\[/${LABEL}\\\\\\]|\\(${LABEL}\\))$`,
  "u",
);
const EDGE = new RegExp(`^  s[0-9]+ (?:-->|-\\.->)(?:\\|${LABEL}\\|)? s[0-9]+$`, "u");

it("lets no annotation break out of its label", () => {
  holds(
    fc.property(arbitraryTopology({ maxCount: 6 }), (graph) => {
      const [first, ...lines] = toMermaid(graph).slice(0, -1).split("\n");
      expect(first).toBe("flowchart LR");
      expect(lines).toHaveLength(graph.stages.length + graph.edges.length);
      for (const [index, line] of lines.entries()) expect(line).toMatch(index < graph.stages.length ? NODE : EDGE);
    }),
  );
});

it.each([
  ['"]; x["', "#34;#93;#59; x#91;#34;"],
  ["%%{init: {}}%%", "#37;#37;#123;init#58; #123;#125;#125;#37;#37;"],
  ["<script>", "#60;script#62;"],
  ["#quot;", "#35;quot#59;"],
  ["`md` *b*", "#96;md#96; #42;b#42;"],
  ["a\r\nb\u2028c", "a b c"],
  ["\ud800", "#65533;"],
  ["🙂é", "#128578;é"],
])("shows %j as it is, written %s", (status, written) => {
  const graph = topology("f").stage({ name: "a", kind: "source", annotations: { status } });
  expect(toMermaid(graph.build("structural")._unsafeUnwrap())).toBe(
    `flowchart LR\n  s0(["a<br/>source<br/>status#58; ${written}"])\n`,
  );
});
