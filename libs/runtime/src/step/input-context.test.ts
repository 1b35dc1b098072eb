import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { LaneId, LaneSeq } from "@refold/core";

import { InputContext } from "./input-context.ts";
import { seedOf, SeededRandom, type Seed } from "./seeded-random.ts";

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
    random.seed([1, 2, 3, 4], 5, 6);
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

  it("takes the first 128 bits of SHA-256 for the seed of a text", () => {
    // FIPS 180-4, appendix: the digest of "abc".
    expect(seedOf("abc")).toEqual([0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223]);
  });

  it("tells seeds apart in each of their numbers, and the lane and the seq as well", () => {
    const first = (seed: Seed, lane: number, seq: number): number => {
      const random = new SeededRandom();
      random.seed(seed, lane, seq);
      return random.unit();
    };
    const seeds: [Seed, number, number][] = [
      [[1, 2, 3, 4], 5, 6],
      [[9, 2, 3, 4], 5, 6],
      [[1, 9, 3, 4], 5, 6],
      [[1, 2, 9, 4], 5, 6],
      [[1, 2, 3, 9], 5, 6],
      [[1, 2, 3, 4], 9, 6],
      [[1, 2, 3, 4], 5, 9],
      [[1, 2, 3, 4], 5, 6 + 2 ** 32],
    ];
    expect(new Set(seeds.map((seed) => first(...seed))).size).toBe(seeds.length);
  });
});

const PINNED = [0.6242002870931115, 0.8532468329513161, "b8fedba6-bc35-8fc1-aec7-c1392e821ac1"];
