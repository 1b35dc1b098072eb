import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/**
 * A digest of the source text of every function within a value, in the order of its keys, and of settings by which the stage
 * would compute something else: plain data.
 */
export function codeFingerprint(value: unknown, settings?: Readonly<Record<string, unknown>>): string {
  const texts: string[] = [];
  collect(value, texts, 0);
  if (settings !== undefined) texts.push(settingsText(settings));
  return bytesToHex(sha256(utf8ToBytes(texts.join("\u0000")))).slice(0, 16);
}

const MAX_DEPTH = 3;

function collect(value: unknown, texts: string[], depth: number): void {
  if (typeof value === "function") texts.push(Function.prototype.toString.call(value));
  else if (typeof value === "object" && value !== null && depth < MAX_DEPTH) {
    for (const key of Object.keys(value)) collect((value as Record<string, unknown>)[key], texts, depth + 1);
  }
}

/** What is no plain data is told of when the flow is checked. */
function settingsText(settings: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(settings);
  } catch {
    return "";
  }
}
