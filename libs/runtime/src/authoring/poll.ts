import type { SourceBatch, SourceConnector, SourceExtent, SourceOpening, SourceReader } from "@refold/core";

/** What a polled function is called with. */
export interface PollCall extends SourceOpening {
  /** The most items that it should give. */
  readonly limit: number;
}

export interface PollOptions {
  /** How long to wait, in milliseconds, before the next poll when one gave fewer items than its limit. 1,000. */
  readonly everyMs?: number;
  /** `finite`, unless it is given. Say `infinite` of what never has a last item, such as a queue. */
  readonly extent?: SourceExtent;
}

/**
 * A source that calls a function again and again, one call at a time, until that says `done`. Each call gets the cursor of
 * the one before it; a run that is resumed goes on with the last cursor on record. See `SourceBatch`.
 */
export function poll<T>(
  read: (call: PollCall) => SourceBatch<T> | Promise<SourceBatch<T>>,
  options: PollOptions = {},
): SourceConnector<T> {
  return new Poll(read, options);
}

/** What {@link poll} gives. */
export class Poll<T> implements SourceConnector<T> {
  readonly extent: SourceExtent;
  readonly everyMs: number;
  readonly read: (call: PollCall) => SourceBatch<T> | Promise<SourceBatch<T>>;

  constructor(read: Poll<T>["read"], { everyMs = 1_000, extent = "finite" }: PollOptions) {
    this.read = read;
    this.everyMs = everyMs;
    this.extent = extent;
  }

  describe(): string {
    return `polled every ${this.everyMs} ms`;
  }

  open({ cursor, signal }: SourceOpening): SourceReader<T> {
    let last = cursor;
    const taken = (batch: SourceBatch<T>, limit: number): SourceBatch<T> => {
      // What is no batch is told of where batches are taken.
      if (!Array.isArray((batch as SourceBatch<T> | undefined)?.items)) return batch;
      if (batch.cursor !== undefined) last = batch.cursor;
      if (batch.againMs !== undefined || batch.items.length >= limit) return batch;
      return { ...batch, againMs: this.everyMs };
    };
    return {
      read: (limit) => {
        const batch = this.read({ cursor: last, limit, signal });
        return batch instanceof Promise ? batch.then((settled) => taken(settled, limit)) : taken(batch, limit);
      },
    };
  }
}
