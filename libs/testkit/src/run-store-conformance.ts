import { using } from "./conformance/using.ts";
import { appendingTests } from "./run-store-conformance/appending.ts";
import { followingTests } from "./run-store-conformance/following.ts";
import { holdingTests } from "./run-store-conformance/holding.ts";
import { listingTests } from "./run-store-conformance/listing.ts";
import { readingTests } from "./run-store-conformance/reading.ts";
import { retainingTests } from "./run-store-conformance/retaining.ts";
import { boundTests, failingTests, safetyTests } from "./run-store-conformance/safety.ts";
import { snapshotTests } from "./run-store-conformance/snapshots.ts";
import type { RunStoreConformance, StoreTest } from "./run-store-conformance/under-test.ts";

/**
 * Adds tests for every promise of the `RunStore` port to the test runner. Each test opens a store of its own and disposes
 * of it. What a store cannot show without help, such as failing storage, is tested when its profile is given.
 */
export function runStoreConformance(suite: RunStoreConformance): void {
  const { describe, it } = suite.runner;
  const group = (name: string, tests: (test: StoreTest) => void): void =>
    describe(name, () => tests((promise, body) => it(promise, () => using(suite.open, body))));

  describe(`${suite.name} is a RunStore`, () => {
    group("appending", appendingTests);
    group("safety", safetyTests);
    group("reading", readingTests);
    group("following", followingTests);
    group("retaining", retainingTests);
    group("snapshots", snapshotTests);
    group("holding", holdingTests);
    group("listing", listingTests);
    if (suite.profiles?.bounded === true) group("bounded", boundTests);
    const failing = suite.profiles?.failing;
    if (failing !== undefined) {
      describe("failing storage", () => failingTests((promise, body) => it(promise, () => using(failing, body))));
    }
  });
}
