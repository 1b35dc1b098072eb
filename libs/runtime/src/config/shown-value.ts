/** The longest text that a value is shown as, in characters. */
const MAX_SHOWN = 60;

/** Any value in a few words, for a fault: numbers, words and texts as they are written, the rest by what it is. */
export function shownValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > MAX_SHOWN ? `${JSON.stringify(value.slice(0, MAX_SHOWN))}…` : JSON.stringify(value);
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "bigint":
      return value.toString().slice(0, MAX_SHOWN);
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "a list" : "an object";
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
  }
}
