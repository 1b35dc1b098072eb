import type { RunReader, SealRecord } from "@refold/core";

/** How a run stands: how it was sealed; or else it is being written, or its process died or could not write on. */
export type RunStatus = SealRecord["status"] | "running" | "interrupted";

export function runStatus(seal: SealRecord | undefined, reader: Pick<RunReader, "writing">): RunStatus {
  if (seal !== undefined) return seal.status;
  return reader.writing ? "running" : "interrupted";
}
