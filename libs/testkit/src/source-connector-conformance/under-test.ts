import type { SourceConnector } from "@refold/core";

import type { TestRunner } from "../run-store-conformance/under-test.ts";

/** A source made for one test, over an outside that holds the items of the suite. */
export interface SourceConnectorUnderTest<T> {
  readonly connector: SourceConnector<T>;
  readonly dispose: () => Promise<void>;
}

/** A source whose outside refuses from `fail` on, and until `mend`. */
export interface FailingSourceConnector<T> extends SourceConnectorUnderTest<T> {
  readonly fail: () => void;
  readonly mend: () => void;
}

export interface SourceConnectorConformance<T> {
  readonly name: string;
  readonly runner: TestRunner;
  readonly open: () => Promise<SourceConnectorUnderTest<T>>;
  /** What the source gives, in order: at least four. An infinite one gives these before any others. */
  readonly items: readonly T[];
  readonly profiles?: {
    readonly failing?: () => Promise<FailingSourceConnector<T>>;
  };
}
