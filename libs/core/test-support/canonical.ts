/**
 * Tells every two values apart that a user could tell apart: -0 from 0, undefined from missing, a hole from undefined, an own
 * `__proto__`, the order of keys, lone surrogates, and what a class it is.
 */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : canonicalObject(value);
    case "boolean":
    case "undefined":
    case "function":
    case "symbol":
      return String(value);
  }
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  switch (prototype) {
    case Object.prototype: {
      const entries = Object.keys(value).map((key) => {
        const held: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
        return `${JSON.stringify(key)}:${canonical(held)}`;
      });
      return `{${entries.join()}}`;
    }
    case Array.prototype: {
      const items = value as readonly unknown[];
      return `[${Array.from(items, (item, index) => (index in items ? canonical(item) : "hole")).join()}]`;
    }
    case Map.prototype:
      return `Map${canonical([...(value as Map<unknown, unknown>)])}`;
    case Set.prototype:
      return `Set${canonical([...(value as Set<unknown>)])}`;
    case Date.prototype:
      return `Date(${(value as Date).getTime()})`;
    case Uint8Array.prototype:
      return `Bytes(${(value as Uint8Array).join()})`;
    default:
      return "(something else)";
  }
}
