import type { RunStore } from "@refold/core";

/** As much of a test runner as a conformance suite needs. Those of vitest, node:test, Bun and Deno fit. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => Promise<void>) => void;
}

/** A store with nothing in it, made for one test. */
export interface RunStoreUnderTest {
  readonly store: RunStore;
  /** The runs of `store` as they are found after a restart. All logs were closed before. */
  reopen(): Promise<RunStore>;
  dispose(): Promise<void>;
}

/** A store whose storage refuses every write from `fail` on, with the given cause. */
export interface FailingRunStore extends RunStoreUnderTest {
  fail(cause: Error): void;
}

export interface RunStoreConformance {
  readonly name: string;
  readonly runner: TestRunner;
  readonly open: () => Promise<RunStoreUnderTest>;
  readonly profiles?: {
    /** The log holds frames in memory until they are written, and says through `room` when that is enough. */
    readonly bounded?: boolean;
    readonly failing?: () => Promise<FailingRunStore>;
  };
}

/** Adds a test that has a store to itself. */
export type StoreTest = (promise: string, body: (under: RunStoreUnderTest) => Promise<void>) => void;
