/**
 * Text from outside, safe to show: control characters, which could command a terminal, and those that turn the direction of
 * text are written as escapes. Line breaks stay.
 */
export function safeText(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) =>
      character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
    .toWellFormed();
}

/** {@link safeText} on one line, cut to `limit` characters. */
export function oneLine(text: string, limit: number = Number.POSITIVE_INFINITY): string {
  const line = safeText(text.length > limit * 2 ? text.slice(0, limit * 2) : text).replaceAll("\n", "\\n");
  return line.length <= limit ? line : `${line.slice(0, Math.max(0, limit - 1))}…`;
}
