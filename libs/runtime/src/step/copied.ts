/**
 * The payload as it is now, for a state that goes on changing: plain objects, arrays, maps, sets, dates and bytes are copied with
 * all within. What cannot be stored is left as it is, for the log to refuse.
 */
export function copied(value: unknown): unknown {
  return isObject(value) ? copyOf(value, new Map()) : value;
}

/** Each object is copied once, however often it is met, so that one that contains itself comes to an end. */
type Copies = Map<object, unknown>;

function copyOf(value: unknown, copies: Copies): unknown {
  if (!isObject(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  switch (Object.getPrototypeOf(value)) {
    case Array.prototype:
    case Object.prototype:
    case null:
      return fieldsOf(value, copies);
    case Map.prototype: {
      const copy = new Map<unknown, unknown>();
      copies.set(value, copy);
      // Its prototype says that it is a map.
      for (const [key, inner] of value as Map<unknown, unknown>) copy.set(copyOf(key, copies), copyOf(inner, copies));
      return copy;
    }
    case Set.prototype: {
      const copy = new Set<unknown>();
      copies.set(value, copy);
      for (const inner of value as Set<unknown>) copy.add(copyOf(inner, copies));
      return copy;
    }
    case Date.prototype:
      return new Date((value as Date).getTime());
    case Uint8Array.prototype:
      return (value as Uint8Array).slice();
    default:
      return value;
  }
}

function fieldsOf(value: object, copies: Copies): unknown {
  // Holes stay holes, and a field named `__proto__` stays a field.
  const copy: object = Array.isArray(value)
    ? value.slice()
    : Object.getPrototypeOf(value) === null
      ? Object.assign(Object.create(null) as object, value)
      : { ...value };
  copies.set(value, copy);
  for (const [key, inner] of Object.entries(copy)) {
    // Both have the same fields.
    if (isObject(inner)) (copy as Record<string, unknown>)[key] = copyOf(inner, copies);
  }
  return copy;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
