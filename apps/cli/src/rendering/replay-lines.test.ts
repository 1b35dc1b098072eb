import type { Lsn, RunId, RunManifest } from "@refold/core";
import type { Divergence, ReplayReport } from "@refold/runtime";
import { describe, expect, it } from "vitest";

import type { Replayed } from "../replayed.ts";
import { MemoryOutput } from "../../test/cli-harness.ts";
import { replayLines } from "./replay-lines.ts";
import { styleFor } from "./style.ts";

const plain = styleFor(new MemoryOutput(), {});

function told(report: Partial<ReplayReport>): string {
  const manifest = { runId: "recorded" as RunId, flow: "orders" } as RunManifest;
  const replayed: Replayed = {
    recorded: manifest,
    candidate: { ...manifest, runId: "computed" as RunId },
    location: "/runs/orders/computed",
    report: {
      verdict: "matched",
      frames: 1,
      records: 1234,
      stages: [],
      first: undefined,
      chain: [],
      uncertified: [],
      leftOut: [],
      ...report,
    },
    tookMs: 1500,
  };
  return replayLines(replayed, "npx refold verify recorded", plain).join("\n");
}

const changed: Divergence = {
  stage: "priced",
  place: "priced:4",
  lsn: 17 as Lsn,
  kind: "changed",
  causes: ["orders:3"],
  recorded: { total: 10n },
  recomputed: { total: 11n },
  differences: [{ path: "$.total", recorded: "10n", recomputed: "11n" }],
  code: "changed",
  fingerprints: { recorded: "0123456789abcdef", now: "fedcba9876543210" },
};

describe("the report of a replay", () => {
  it("shows of a changed record both sides, the differing fields, the causes and the code", () => {
    const text = told({ verdict: "diverged", first: changed });
    expect(text).toContain("First divergence: priced:4 (frame 17) was computed otherwise");
    expect(text).toMatch(/caused by +orders:3\n +recorded +\{total: 10n\}\n +recomputed +\{total: 11n\}\n/);
    expect(text).toMatch(
      /\$\.total {2}10n → 11n\n +code +the stage's code has changed since it was recorded\n +its fingerprint was 0123456789ab and is fedcba987654\n/,
    );
    expect(text).toMatch(/\ndiverged: first at priced:4, 1,234 records in 1\.50 s\n/);
  });

  it("shows the one side that there is of a record that is missing, and of one that is extra", () => {
    const missing = told({ verdict: "diverged", first: { ...changed, kind: "missing", differences: [] } });
    expect(missing).toMatch(/was not computed again\n.*\n +recorded /);
    expect(missing).not.toMatch(/^ +recomputed|differences/m);
    const extra = told({ verdict: "diverged", first: { ...changed, kind: "extra", differences: [], causes: [] } });
    expect(extra).toMatch(/was computed, but is not on record\n +recomputed /);
    expect(extra).not.toMatch(/^ +recorded |caused by/m);
  });

  it("shows what led to a divergence, on back to what came from outside, and what each stage has of each kind", () => {
    const kinds = { changed: 1, missing: 2, extra: 0, "handler-threw": 1 };
    const text = told({
      verdict: "diverged",
      first: changed,
      chain: ["orders:3", "lines:9"],
      stages: [{ stage: "priced", kind: "transform", taken: 0, matched: 5, diverged: 4, kinds, first: changed }],
    });
    expect(text).toMatch(/caused by +orders:3 ← lines:9\n/);
    expect(text).toMatch(/priced +transform +0 +5 +4 +1 changed, 2 missing, 1 threw; first at priced:4\n/);
    expect(text).toMatch(/debug +npx refold verify recorded --stage priced --inspect-brk --break-at orders:3\n/);
  });

  it("says of each part that could not be certified why", () => {
    const text = told({ verdict: "uncertified", uncertified: ["No seal.", "No end."] });
    expect(text).toMatch(/Not certified: No seal\.\nNot certified: No end\.\nnot certified: nothing differs/);
  });
});
