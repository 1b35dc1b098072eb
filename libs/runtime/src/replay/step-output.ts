import type { DataRecord, DecodedFrame, ErrorRecord, LogRecord, WatermarkRecord } from "@refold/core";

/** What a program puts on record. */
export type StepOutput = DataRecord | ErrorRecord | WatermarkRecord;

export function isStepOutput(record: LogRecord): record is StepOutput {
  return record.kind === "data" || record.kind === "error" || record.kind === "watermark";
}

export function outputsIn({ records }: DecodedFrame): number {
  let count = 0;
  for (const record of records) if (isStepOutput(record)) count++;
  return count;
}
