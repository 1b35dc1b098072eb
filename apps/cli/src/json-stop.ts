/** One token of JSON after blanks. */
const TOKEN =
  /[ \t\n\r]*([{}[\],:]|"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

const BLANKS = /[ \t\n\r]*/y;

/** What may come next. */
type Expected = "value" | "first-item" | "first-key" | "key" | "colon" | "separator";

/**
 * The offset at which a text stops being JSON: that of the first token that cannot stand where it is, or the text's
 * length if it only lacks its end; undefined for JSON. Not every runtime's own parser tells.
 */
export function jsonStop(text: string): number | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  for (let offset = 0; ;) {
    TOKEN.lastIndex = offset;
    BLANKS.lastIndex = offset;
    const start = offset + (BLANKS.exec(text)?.[0].length ?? 0);
    const isComplete = expected === "separator" && open.length === 0;
    if (isComplete) return start === text.length ? undefined : start;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return start;
    const next = after(token, expected, open);
    if (next === undefined) return start;
    expected = next;
    offset = start + token.length;
  }
}

/** What may come after a token, which opens or closes what is `open`; undefined if the token cannot stand there. */
function after(token: string, expected: Expected, open: ("{" | "[")[]): Expected | undefined {
  const inside = open.at(-1);
  switch (expected) {
    case "first-item":
    case "value":
      if (token === "]" && expected === "first-item") return closed(open);
      if (token === "{" || token === "[") {
        open.push(token);
        return token === "{" ? "first-key" : "first-item";
      }
      return "}],:".includes(token) ? undefined : "separator";
    case "first-key":
    case "key":
      if (token === "}" && expected === "first-key") return closed(open);
      return token.startsWith('"') ? "colon" : undefined;
    case "colon":
      return token === ":" ? "value" : undefined;
    case "separator":
      if (token === ",") return inside === "{" ? "key" : "value";
      return (token === "}" && inside === "{") || (token === "]" && inside === "[") ? closed(open) : undefined;
  }
}

function closed(open: ("{" | "[")[]): Expected {
  open.pop();
  return "separator";
}
