import type { RunId } from "./place.ts";
import type { WriteReceipt } from "./write-receipt.ts";

/** What a sink promises when a process dies in the middle of a write. */
export type DeliveryGuarantee = "exactly-once" | "idempotent" | "at-least-once";

/** Items for a sink, in order. */
export interface DeliveryBatch<T> {
  readonly items: readonly T[];
  /** The identity of the item at `index`, the same on every attempt: `runId/stage:seq` of its record. */
  key(index: number): string;
  /**
   * Says that these items will be safe outside only later, when the handle is committed. At most once a batch; `write` then
   * returns `{ outcome: "buffered" }`, or throws a `SinkFailure` of kind `item`: then the handle stands for the items before it.
   */
  buffer(): CommitHandle;
}

/**
 * Stands for the items of one batch that a writer has buffered, until it gives it to `commit` of its {@link SinkContext}:
 * once, and to that of no other stage.
 */
export interface CommitHandle {
  /** The sink whose batch it is. */
  readonly stage: string;
}

/** What a writer has of its stage. */
export interface SinkContext {
  /** The name of the stage. */
  readonly stage: string;
  /** The run that delivers. The keys of its items begin with it. */
  readonly runId: RunId;
  /**
   * Whether an earlier process may have delivered for this run: what that has committed stays. A fork is a run of its own, and
   * begins with `false`.
   */
  readonly resumed: boolean;
  /**
   * How many items of this sink have a receipt on record that ends them, as the process begins: 0 in a new run. What a sink keeps
   * of its own about the run covers as many, or some of it was lost. Left out of a fork, whose beginning another run delivered.
   */
  readonly receipts?: number;
  /**
   * The items of the handle are safe outside: a `committed` receipt for them goes on record. It may be called in the midst of
   * any call to the writer, and between them, such as when an answer arrives. A handle that is committed twice, after the
   * stage has ended, or is not of this stage, throws, and fails the stage.
   */
  commit(handle: CommitHandle): void;
}

/** When a writer is told to flush, besides at the end of its input. What comes first counts; both are above 0. */
export interface FlushPolicy {
  /** After so many items. No batch holds more. */
  readonly everyItems?: number;
  /** So many milliseconds after the first item that was written since. At most 2,147,483,647. */
  readonly everyMs?: number;
}

/** A sink, described without touching the outside. */
export interface SinkConnector<T> {
  readonly guarantee: DeliveryGuarantee;
  /** Without it the writer is told to flush at the end alone. The options of the stage come before it. */
  readonly flush?: FlushPolicy;
  /** How the sink shows in a topology, for example `csv file out.csv`. Pure. */
  describe(): string;
  /** Connects. Called once by each process that runs the stage, when that starts; never in a replay. */
  open(context: SinkContext): SinkWriter<T> | Promise<SinkWriter<T>>;
}

/**
 * An open sink. Calls never overlap. What throws or rejects fails the stage, with its cause on record, unless `write` throws
 * a `SinkFailure` that says that the writer can go on.
 */
export interface SinkWriter<T> {
  /** Delivers a batch whose records are all safe in the log, and says what became of it. Nothing says: all of it succeeded. */
  write(batch: DeliveryBatch<T>): void | WriteReceipt | Promise<void | WriteReceipt>;
  /**
   * Makes safe outside what was written, and commits what is buffered. Called as the {@link FlushPolicy} asks, when 4,096
   * batches are buffered, and when the input has ended. What is still buffered afterwards fails the stage; but after the flush
   * at the end of the input, `drain` may still commit it.
   */
  flush?(): void | Promise<void>;
  /** Called after the last flush, before `close`. */
  drain?(): void | Promise<void>;
  /** Called exactly once, however the run ends. Nothing can be committed any more. */
  close?(): void | Promise<void>;
}
