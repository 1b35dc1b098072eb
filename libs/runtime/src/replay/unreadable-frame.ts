import { formatPlace, type FrameFault, type Lsn, type ReadFault, type RunManifest } from "@refold/core";

/** Why a frame cannot be worked with, as whoever reads a history tells it. */
export function unreadableFrame(
  fault: FrameFault,
  lsn: Lsn,
  { lanes }: RunManifest,
): ReadFault | { readonly kind: "malformed-record"; readonly lsn: Lsn; readonly detail: string } {
  switch (fault.kind) {
    case "malformed-body":
      return { kind: "malformed-record", lsn, detail: fault.detail };
    case "payload-missing": {
      const place = formatPlace(lanes[fault.lane] ?? String(fault.lane), fault.seq);
      const detail = `it passes on the payload of ${place}, which the log does not hold`;
      return { kind: "malformed-record", lsn, detail };
    }
    case "damaged":
    case "storage":
    case "not-retained":
      return fault;
  }
}
