import type { SinkConnector } from "@refold/core";

import type { TestRunner } from "../run-store-conformance/under-test.ts";

/** A sink with nothing in it, made for one test, and a look at where it delivers to. */
export interface SinkConnectorUnderTest<T> {
  readonly connector: SinkConnector<T>;
  /** What is safe outside by now, in the order in which it was delivered. */
  readonly delivered: () => Promise<readonly T[]>;
  readonly dispose: () => Promise<void>;
}

/** A sink whose outside refuses everything from `fail` on. */
export interface FailingSinkConnector<T> extends SinkConnectorUnderTest<T> {
  readonly fail: () => void;
}

export interface SinkConnectorConformance<T> {
  readonly name: string;
  readonly runner: TestRunner;
  readonly open: () => Promise<SinkConnectorUnderTest<T>>;
  /** Different items that the sink takes: at least four. */
  readonly items: readonly T[];
  readonly profiles?: {
    /** An item that the sink does not take. */
    readonly rejected?: T;
    readonly failing?: () => Promise<FailingSinkConnector<T>>;
  };
}
