/** What a sink promises when a process dies in the middle of a write. */
export type DeliveryGuarantee = "exactly-once" | "idempotent" | "at-least-once";

/** Items for a sink, in order. */
export interface DeliveryBatch<T> {
  readonly items: readonly T[];
  /** The identity of the item at `index`, the same on every attempt: `runId/stage:seq` of its record. */
  key(index: number): string;
}

/** A sink, described without touching the outside. */
export interface SinkConnector<T> {
  readonly guarantee: DeliveryGuarantee;
  /** How the sink shows in a topology, for example `csv file out.csv`. Pure. */
  describe(): string;
  /** Connects. Called once a run, when the stage starts; never in a replay. */
  open(): SinkWriter<T> | Promise<SinkWriter<T>>;
}

/** An open sink. Calls never overlap. What throws or rejects fails the stage, with its cause on record. */
export interface SinkWriter<T> {
  /** Delivers a batch whose records are all safe in the log. Returning is the receipt. */
  write(batch: DeliveryBatch<T>): void | Promise<void>;
  /** Called when the input has ended, before the stage drains. */
  flush?(): void | Promise<void>;
  /** Called exactly once, however the run ends. */
  close?(): void | Promise<void>;
}
