/**
 * Writes a value of the log as JSON on one line, without loss. What JSON has no form for becomes an object with one key:
 *
 * - `{"$undefined":true}`, `{"$bigint":"123"}`, `{"$number":"NaN"}` (also `Infinity`, `-Infinity`, `-0`);
 * - `{"$date":"2026-11-21T09:32:21.004Z"}`, `{"$bytes":"base64"}`;
 * - `{"$map":[[key,value],…]}`, `{"$set":[member,…]}`;
 * - `{"$object":{…}}` around an object of the author's with a key that begins with `$`, so that nothing is ambiguous.
 */
export function jsonValue(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : tagged("number", jsonNumberName(value));
    case "bigint":
      return tagged("bigint", JSON.stringify(String(value)));
    case "undefined":
      return tagged("undefined", "true");
    case "object":
      return value === null ? "null" : jsonObject(value);
    case "function":
    case "symbol":
      throw new TypeError(`a log holds no ${typeof value}`);
  }
}

function jsonObject(value: object): string {
  if (Array.isArray(value)) return list(value);
  if (value instanceof Date) return tagged("date", JSON.stringify(value.toISOString()));
  if (value instanceof Uint8Array) return tagged("bytes", JSON.stringify(base64(value)));
  if (value instanceof Map) return tagged("map", `[${[...value].map(list).join(",")}]`);
  if (value instanceof Set) return tagged("set", list([...(value as Set<unknown>)]));
  const keys = Object.keys(value);
  const fields = keys.map((key) => `${JSON.stringify(key)}:${jsonValue((value as Record<string, unknown>)[key])}`);
  const text = `{${fields.join(",")}}`;
  return keys.some((key) => key.startsWith("$")) ? tagged("object", text) : text;
}

function list(values: readonly unknown[]): string {
  return `[${values.map(jsonValue).join(",")}]`;
}

function tagged(tag: string, json: string): string {
  return `{"$${tag}":${json}}`;
}

function jsonNumberName(value: number): string {
  return JSON.stringify(Object.is(value, -0) ? "-0" : String(value));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
