import { describe, expect, it } from "vitest";

import { type Kinded, machine, toDot, toMermaid } from "./index.ts";

const door = machine<
  { readonly kind: "closed" } | { readonly kind: "open" } | { readonly kind: "broken" },
  { readonly kind: "push" } | { readonly kind: "pull" } | { readonly kind: "smash" } | { readonly kind: "look" }
>("front door", { kind: "closed" })
  .state("closed", (s) => s.on("push", "open").ignore("pull"))
  .state("open", (s) =>
    s
      .stay("push")
      .on("pull", ["closed", "broken"], () => ({ state: { kind: "closed" } }))
      .after(5_000, { kind: "pull" }),
  )
  .final("broken")
  .any("smash", "broken")
  .anyStay("look")
  .buildOrThrow();

/** A machine whose names are as given, made of one state and one end. */
const named = (name: string, state: string, event: string) =>
  machine<Kinded, Kinded>(name, { kind: state })
    .state(state, (s) => s.on(event, "end"))
    .final("end")
    .buildOrThrow();

const NASTY = 'a"b\\c; d: [*] --> %%e\n#35; <b> & {f}';

describe("Mermaid", () => {
  it("shows states, moves, internal transitions, timeouts, wildcards, beginning and end", () => {
    expect(toMermaid(door)).toBe(`---
title: "front door"
---
stateDiagram-v2
  state "closed" as s0
  state "open" as s1
  s1 : after 5000 ms#58; pull
  s1 : stays on push
  state "broken" as s2
  state "any other state" as any
  any : stays on look
  [*] --> s0
  s0 --> s1 : push
  s1 --> s0 : pull
  s1 --> s2 : pull
  any --> s2 : smash
  s2 --> [*]
`);
  });

  it("lets no name break out of its place", () => {
    const lines = toMermaid(named(NASTY, NASTY, NASTY)).split("\n");
    expect(lines).toHaveLength(10);
    expect(lines[6]).toBe("  [*] --> s0");
    expect(lines[7]).toMatch(/^ {2}s0 --> s1 : (?:[a-z0-9 _.,()-]|#\d+;)+$/);
    const state = /state "(.*)" as s0/.exec(lines.join("\n"))?.[1] ?? "";
    expect(state.replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))).toBe(NASTY);
  });
});

describe("DOT", () => {
  it("shows states, moves, internal transitions, timeouts, wildcards, beginning and end", () => {
    expect(toDot(door)).toBe(`digraph "front door" {
  rankdir=LR;
  node [shape=box, style=rounded];
  start [shape=point];
  s0 [label="closed"];
  s1 [label="open\\nafter 5000 ms: pull\\nstays on push"];
  s2 [label="broken", peripheries=2];
  any [label="any other state\\nstays on look", style="rounded,dashed"];
  start -> s0;
  s0 -> s1 [label="push"];
  s1 -> s0 [label="pull"];
  s1 -> s2 [label="pull"];
  any -> s2 [label="smash"];
}
`);
  });

  it("lets no name break out of its place", () => {
    const lines = toDot(named(NASTY, NASTY, NASTY)).split("\n");
    expect(lines).toHaveLength(10);
    expect(lines[4]).toBe('  s0 [label="a\\"b\\\\c; d: [*] --> %%e\\n#35; <b> &amp; {f}"];');
  });
});

it("draws the same machine the same way, and no wildcard where there is none", () => {
  for (const draw of [toMermaid, toDot]) {
    expect(draw(door)).toBe(draw(door));
    expect(draw(named("plain", "a", "go"))).not.toContain("any");
  }
});
