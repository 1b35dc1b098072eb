/** The text of a value in a cell; `undefined` for what a cell cannot hold. Nothing, `null` and `undefined`, is an empty cell. */
export function cellText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? value : undefined;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      return "";
    case "object":
      if (value === null) return "";
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
    case "function":
    case "symbol":
      return undefined;
  }
}
