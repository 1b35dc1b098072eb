/**
 * The line of a JSON or TOML text that sets a key, counted from 1. It is known only if exactly one line sets something
 * with the key's last word for a name.
 */
export function lineOfKey(text: string, key: string): number | undefined {
  const word = key.slice(key.lastIndexOf(".") + 1);
  const sets = new RegExp(`(^|[^A-Za-z0-9_-])${word.replace(/[^A-Za-z0-9_-]/g, "\\$&")}["']?\\s*[=:]`);
  const lines = text.split("\n").flatMap((line, index) => (isComment(line) || !sets.test(line) ? [] : [index + 1]));
  return lines.length === 1 ? lines[0] : undefined;
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith("#");
}
