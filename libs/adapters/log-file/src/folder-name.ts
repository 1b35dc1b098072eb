import { crc32 } from "./crc32.ts";

/** Longer names are cut; a file system takes 255 bytes, and paths have limits, too. */
const MAX_LENGTH = 120;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * A flow's name as the name of a folder, on every system: letters, digits, `_`, `-`, space and `.` stay, other bytes become
 * `%` and two hexadecimal digits. The true name is in the manifest.
 */
export function folderName(flow: string): string {
  const utf8 = new TextEncoder().encode(flow);
  let name = Array.from(utf8, (byte) => {
    const letter = String.fromCharCode(byte);
    return /[A-Za-z0-9_. -]/.test(letter) ? letter : percent(byte);
  }).join("");
  // A leading dot hides a folder; a trailing dot or space is dropped by Windows, which also keeps some names to itself.
  if (/^[. ]/.test(name) || RESERVED.test(name)) name = percent(name.charCodeAt(0)) + name.slice(1);
  if (/[. ]$/.test(name)) name = name.slice(0, -1) + percent(name.charCodeAt(name.length - 1));
  if (name.length <= MAX_LENGTH) return name;
  return `${name.slice(0, MAX_LENGTH)}~${crc32(utf8, 0, utf8.length).toString(16).padStart(8, "0")}`;
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
