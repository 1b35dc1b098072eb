import { describe, expect, it } from "vitest";

import { codeFingerprint } from "./fingerprint.ts";
import { everyN } from "./schedule.ts";

describe("a code fingerprint", () => {
  it("is the same for the same text, and differs for another", () => {
    const one = (n: number): number => n + 1;
    const made = (): ((n: number) => number) => (n) => n + 1;
    expect(codeFingerprint(one)).toBe(codeFingerprint(one));
    expect(codeFingerprint(made())).toBe(codeFingerprint(made()));
    expect(codeFingerprint(one)).not.toBe(codeFingerprint((n: number): number => n + 2));
    expect(codeFingerprint(one)).toMatch(/^[0-9a-f]{16}$/);
  });

  it("takes in every function of a value, in the order of its keys, and nothing else of it", () => {
    const a = (): number => 1;
    const b = (): number => 2;
    expect(codeFingerprint({ a, b })).toBe(codeFingerprint({ a, n: 5, b, path: "x.csv" }));
    expect(codeFingerprint({ a, b })).not.toBe(codeFingerprint({ b, a }));
    expect(codeFingerprint({ a, deep: { b } })).toBe(codeFingerprint({ a, b }));
    expect(codeFingerprint([1, 2, 3])).toBe(codeFingerprint("no function"));
  });

  it("comes to an end with a value that contains itself", () => {
    const around: { f: () => number; self?: unknown } = { f: () => 1 };
    around.self = around;
    expect(codeFingerprint(around)).toMatch(/^[0-9a-f]{16}$/);
  });

  it("tells stages apart by settings that decide what they compute", () => {
    const fold = (n: number): number => n;
    expect(codeFingerprint({ fold }, { emit: everyN(2) })).not.toBe(codeFingerprint({ fold }, { emit: everyN(3) }));
    expect(codeFingerprint({ fold }, { emit: everyN(2) })).toBe(codeFingerprint({ fold }, { emit: everyN(2) }));
  });
});
