import type { ContractRecord } from "@refold/core";

/** Evidence about a contract: it holds when what was advertised was read. */
export function contract(
  name: ContractRecord["contract"],
  upstream: ContractRecord["upstream"],
  advertised: number,
  read: number,
): ContractRecord {
  return {
    kind: "contract",
    contract: name,
    upstream,
    verdict: advertised === read ? "held" : "violated",
    advertised,
    read,
  };
}
