import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Edge } from "./edge.ts";
import type { Stage } from "./stage.ts";

/** Changes whenever the encoding does, so that prints of different encodings never meet. */
const ENCODING = "refold-topology-fingerprint/1";

/**
 * SHA-256 over the UTF-8 bytes of the JSON text, without white space, of
 * `[ENCODING, [[name, kind], …], [[from, to, kind, role], …]]`, where `role` is `""` when there is none, the stages are
 * sorted by name, and the edges by `from`, then `to`, all by code unit. JSON's quotes keep names apart, so two graphs with
 * the same text are the same graph.
 */
export function fingerprint({
  stages,
  edges,
}: {
  readonly stages: readonly Stage[];
  readonly edges: readonly Edge[];
}): string {
  const stageRows = stages.map(({ name, kind }) => [name, kind] as const);
  const edgeRows = edges.map(({ from, to, kind, role }) => [from, to, kind, role ?? ""] as const);
  stageRows.sort(([a], [b]) => byCodeUnit(a, b));
  edgeRows.sort(([aFrom, aTo], [bFrom, bTo]) => byCodeUnit(aFrom, bFrom) || byCodeUnit(aTo, bTo));
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([ENCODING, stageRows, edgeRows]))));
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
