import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { LaneId, LaneSeq } from "@refold/core";

import { InputContext } from "./input-context.ts";
import { hashText, SeededRandom } from "./seeded-random.ts";

const at = (run: string, stage: string, lane: number, seq: number): InputContext => {
  const context = new InputContext(run, stage);
  context.moveTo(lane as LaneId, seq as LaneSeq, 0);
  return context;
};

describe("the randomness of an input", () => {
  it("never changes from version to version, for runs on record are replayed with it", () => {
    const context = at("0190a000-0000-7000-8000-000000000001", "priced", 1, 17);
    expect([context.random(), context.random(), context.id()]).toEqual(PINNED);
  });

  it("does not depend on what was asked for at other inputs, or in which order they came", () => {
    const place = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1_000_000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(3)), { minLength: 1 }), (visits) => {
        const context = new InputContext("run", "stage");
        for (const [[lane, seq], asked] of visits) {
          context.moveTo(lane as LaneId, seq as LaneSeq, 0);
          const alone = at("run", "stage", lane, seq);
          for (let i = 0; i < asked; i++) expect(context.random()).toBe(alone.random());
        }
      }),
    );
  });

  it("differs by run, stage, lane and seq", () => {
    const first = (context: InputContext): number => context.random();
    const all = [
      at("run", "stage", 1, 1),
      at("other", "stage", 1, 1),
      at("run", "other", 1, 1),
      at("run", "stage", 2, 1),
      at("run", "stage", 1, 2),
      at("run", "stage", 2, 2),
    ].map(first);
    expect(new Set(all).size).toBe(all.length);
  });

  it("repeats nothing over many inputs that follow one another", () => {
    const context = new InputContext("run", "stage");
    const seen = new Set<number>();
    for (let seq = 0; seq < 20_000; seq++) {
      context.moveTo(1 as LaneId, seq as LaneSeq, 0);
      seen.add(context.random());
    }
    expect(seen.size).toBe(20_000);
  });
});

describe("the seeded generator", () => {
  it("fills the unit interval evenly, its ends not above 1", () => {
    const random = new SeededRandom();
    random.seed(1, 2, 3);
    const buckets = Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const unit = random.unit();
      expect(unit >= 0 && unit < 1).toBe(true);
      const bucket = Math.floor(unit * 10);
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    // 2,000 are expected in each; 5 standard deviations are 212.
    for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(212);
  });

  it("hashes texts as FNV-1a does", () => {
    expect(hashText("")).toBe(0x811c9dc5);
    expect(hashText("a")).toBe(0xe40c292c);
    expect(hashText("foobar")).toBe(0xbf9cf968);
  });
});

const PINNED = [0.9467226677559397, 0.9260086898496724, "72204e2f-11b9-883e-80aa-481f79c0de47"];
