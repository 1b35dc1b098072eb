import { expect, it } from "vitest";

import { machine } from "./index.ts";

type State = { readonly kind: "closed" } | { readonly kind: "open"; readonly since: number } | { readonly kind: "broken"; readonly cause: string };
type Event = { readonly kind: "push"; readonly at: number } | { readonly kind: "pull" } | { readonly kind: "smash"; readonly cause: string };
type Action = { readonly kind: "ring" } | { readonly kind: "log"; readonly text: string };

const log = (text: string): Action => ({ kind: "log", text });

const door = machine<State, Event, Action>("door", { kind: "closed" })
  .state("closed", (s) =>
    s
      .entry((_, event) => [log(`enter closed by ${event.kind}`)])
      .exit((_, event) => [log(`leave closed by ${event.kind}`)])
      .on("push", "open", (_, event) => ({ state: { kind: "open", since: event.at }, actions: [{ kind: "ring" }] }))
      .ignore("pull"),
  )
  .state("open", (s) =>
    s
      .entry((state) => [log(`open since ${state.since}`)])
      .stay("push", (state, event) => (event.at > state.since ? { state: { kind: "open", since: event.at } } : {}))
      .on("pull", "closed", () => ({ actions: [{ kind: "ring" }] }))
      .after(5_000, { kind: "pull" }),
  )
  .final("broken")
  .any("smash", "broken", (_, event) => ({ state: { kind: "broken", cause: event.cause } }))
  .buildOrThrow();

it("gives actions in the order exit, entry, transition", () => {
  expect(door.transition({ kind: "closed" }, { kind: "push", at: 7 })._unsafeUnwrap()).toEqual({
    kind: "moved",
    state: { kind: "open", since: 7 },
    actions: [log("leave closed by push"), log("open since 7"), { kind: "ring" }],
  });
});
