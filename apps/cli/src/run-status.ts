import type { RunReader, SealRecord } from "@refold/core";

/** How a run stands: how it was sealed; or else it is being written, or the process that wrote it ended before its time. */
export type RunStatus = SealRecord["status"] | "running" | "interrupted";

export function runStatus(seal: SealRecord | undefined, reader: Pick<RunReader, "writing">): RunStatus {
  if (seal !== undefined) return seal.status;
  return reader.writing ? "running" : "interrupted";
}
