/** How often, and after how long, a poll of a source that failed is tried again. */
export interface RetrySettings {
  /** How many polls may fail in a row: when so many have, the stage fails. A poll that succeeds begins the count anew. 10. */
  readonly attempts: number;
  /** How long to wait after the first failure, in milliseconds; after each further one twice as long. 1,000. */
  readonly firstMs: number;
  /** The longest wait, in milliseconds. 60,000. */
  readonly maxMs: number;
}

export const DEFAULT_RETRY: RetrySettings = { attempts: 10, firstMs: 1_000, maxMs: 60_000 };
