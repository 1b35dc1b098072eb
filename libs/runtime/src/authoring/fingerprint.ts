import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** A digest of the source text of every function within a value, in the order of its keys. */
export function codeFingerprint(value: unknown): string {
  const texts: string[] = [];
  collect(value, texts, 0);
  return bytesToHex(sha256(utf8ToBytes(texts.join("\u0000")))).slice(0, 16);
}

const MAX_DEPTH = 3;

function collect(value: unknown, texts: string[], depth: number): void {
  if (typeof value === "function") texts.push(Function.prototype.toString.call(value));
  else if (typeof value === "object" && value !== null && depth < MAX_DEPTH) {
    for (const key of Object.keys(value)) collect((value as Record<string, unknown>)[key], texts, depth + 1);
  }
}
