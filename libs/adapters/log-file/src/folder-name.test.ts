import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { folderName } from "./folder-name.ts";

describe("folderName", () => {
  it.each([
    ["orders", "orders"],
    ["Orders 2.0_final-1", "Orders 2.0_final-1"],
    ["a/b\\c", "a%2Fb%5Cc"],
    ["..", "%2E%2E"],
    [".", "%2E"],
    [".hidden", "%2Ehidden"],
    ["end.", "end%2E"],
    ["con", "%63on"],
    ["LPT1.txt", "%4CPT1.txt"],
    ["é", "%C3%A9"],
    ["100%", "100%25"],
    [" ", "%20"],
  ])("makes %j the folder %j", (flow, folder) => {
    expect(folderName(flow)).toBe(folder);
  });

  it("is a name that every file system takes, and differs where flows do", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.string({ unit: "binary", minLength: 1 }), (a, b) => {
        expect(folderName(a)).toMatch(/^[A-Za-z0-9_%-]([A-Za-z0-9_%~. -]{0,127}[A-Za-z0-9_%-])?$/);
        if (a !== b) expect(folderName(a)).not.toBe(folderName(b));
      }),
    );
    expect(folderName("x".repeat(5000))).toHaveLength(129);
    expect(folderName(`${"x".repeat(5000)}a`)).not.toBe(folderName(`${"x".repeat(5000)}b`));
  });
});
