import type { ErrorKind, FailedItem, LogRecord, ReceiptRecord } from "@refold/core";

import type { SinkBatch } from "./sink-batch.ts";
import type { BufferedBatch, BufferedInputs } from "./sink-commits.ts";
import { storableText, type StageFailure } from "./stage-fault.ts";

/** What became of the items of a batch from `first` on. */
export type DeliveredPart = Range &
  (
    | { readonly outcome: "success" }
    | { readonly outcome: "failed"; readonly error: ErrorKind; readonly message: string }
    | { readonly outcome: "buffered"; readonly handle: BufferedBatch }
  );

interface Range {
  readonly first: number;
  readonly count: number;
}

/** What became of a batch, as its writer says of it; what makes no sense throws. `at` is the index of its first item. */
export function partsOf(
  written: unknown,
  batch: SinkBatch,
  at: number,
  refused: (what: string) => StageFailure,
): readonly DeliveredPart[] {
  const count = batch.length;
  const outcome = outcomeOf(written);
  if (batch.handle !== undefined && outcome !== "buffered") throw refused("buffered a batch and did not return so");
  switch (outcome) {
    case undefined:
    case "success":
      return [{ first: at, count, outcome: "success" }];
    case "failed":
      return [{ first: at, count, ...rejectionOf(written as Partial<FailedItem>, refused) }];
    case "buffered":
      if (batch.handle === undefined) throw refused("returned `buffered` for a batch that it has no handle for");
      return [{ first: at, count, outcome, handle: batch.handle }];
    case "partial":
      return partial((written as { readonly failed?: unknown }).failed, count, at, refused);
    default:
      throw refused(`returned an outcome that there is not: ${storableText(String(outcome))}`);
  }
}

/** What JavaScript may return besides a receipt says nothing. */
function outcomeOf(written: unknown): unknown {
  return typeof written === "object" && written !== null && "outcome" in written ? written.outcome : undefined;
}

function partial(
  failed: unknown,
  count: number,
  at: number,
  refused: (what: string) => StageFailure,
): readonly DeliveredPart[] {
  if (!Array.isArray(failed)) throw refused("returned `partial` without a list of what failed");
  const items = [...(failed as readonly FailedItem[])].sort((a, b) => a.index - b.index);
  const parts: DeliveredPart[] = [];
  let next = 0;
  for (const item of items) {
    const { index } = item;
    if (!Number.isSafeInteger(index) || index < 0 || index >= count) {
      throw refused(`says that item ${String(index)} of a batch of ${count} failed`);
    }
    if (index < next) throw refused(`says twice that item ${index} of a batch failed`);
    if (index > next) parts.push({ first: at + next, count: index - next, outcome: "success" });
    parts.push({ first: at + index, count: 1, ...rejectionOf(item, refused) });
    next = index + 1;
  }
  if (next < count) parts.push({ first: at + next, count: count - next, outcome: "success" });
  return parts;
}

/** An error that a writer tells of, as it can go on record. */
export function rejectionOf(
  { kind, message }: Partial<Pick<FailedItem, "kind" | "message">>,
  refused: (what: string) => StageFailure,
): { readonly outcome: "failed"; readonly error: ErrorKind; readonly message: string } {
  if (typeof kind !== "string" || !Object.hasOwn(KINDS, kind)) {
    throw refused(`gave an error a kind that there is not: ${storableText(String(kind))}`);
  }
  return { outcome: "failed", error: kind, message: storableText(String(message)) };
}

const KINDS: Readonly<Record<ErrorKind, true>> = {
  timeout: true,
  remote: true,
  "rate-limited": true,
  permanent: true,
  deserialization: true,
  validation: true,
  domain: true,
  unknown: true,
};

/** The receipts of a batch, ranges that are alike as one. One of which only some failed says so first. */
export function receiptsOf(parts: readonly DeliveredPart[], count: number): readonly LogRecord[] {
  const receipts: ReceiptRecord[] = [];
  let failed = 0;
  for (let i = 0; i < parts.length;) {
    const part = parts[i] as DeliveredPart;
    let size = part.count;
    let next = i + 1;
    for (; next < parts.length && isAlike(part, parts[next] as DeliveredPart); next++) {
      size += (parts[next] as DeliveredPart).count;
    }
    i = next;
    if (size === 0) continue;
    const { outcome, first } = part;
    const detail = outcome === "failed" ? { kind: part.error, message: part.message } : undefined;
    receipts.push({ kind: "receipt", outcome, first, count: size, detail });
    if (outcome === "failed") failed += size;
  }
  if (failed === 0 || failed === count) return receipts;
  return [{ kind: "receipt", outcome: "partial", first: 0, count, detail: { failed } }, ...receipts];
}

/** Each handle is committed by itself. */
function isAlike(a: DeliveredPart, b: DeliveredPart): boolean {
  if (a.outcome === "success") return b.outcome === "success";
  return a.outcome === "failed" && b.outcome === "failed" && a.error === b.error && a.message === b.message;
}

/** The receipt of inputs that were buffered before. */
export function committedReceipt({ count, spans }: BufferedInputs): LogRecord {
  return { kind: "receipt", outcome: "committed", first: 0, count, detail: undefined, spans };
}
