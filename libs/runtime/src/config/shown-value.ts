/** The longest text that a value is shown as, in characters. */
const MAX_SHOWN = 60;

/** What was given as text, without quotes. */
export function shownText(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Any value in a few words, for a fault: numbers, words and texts as they are written, the rest by what it is. */
export function shownValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(shownText(value));
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "bigint":
      return shownText(value.toString());
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "a list" : "an object";
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
  }
}
