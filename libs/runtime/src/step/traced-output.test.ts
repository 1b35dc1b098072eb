import { expect, it } from "vitest";

import { EffectFailure, SinkFailure } from "@refold/core";

import { JoinMissed } from "./join-missed.ts";
import { TracedOutput } from "./traced-output.ts";

it("what a flow of another copy of this package gives is known for what it is", () => {
  const failure = { error: "remote", message: "gone", detail: undefined } as const;
  for (const [made, kind] of [
    [TracedOutput.aggregate("payload"), TracedOutput],
    [new JoinMissed("7", undefined), JoinMissed],
    [new EffectFailure(failure), EffectFailure],
    [new SinkFailure({ kind: "writer", message: "gone" }), SinkFailure],
  ] as const) {
    expect(made instanceof kind).toBe(true);
    // Another copy has a prototype of its own.
    expect({ ...made } instanceof kind).toBe(true);
    for (const other of [undefined, null, "payload", {}, [], new Error("gone")])
      expect(other instanceof kind).toBe(false);
  }
});
