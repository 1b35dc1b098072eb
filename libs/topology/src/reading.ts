import type { MalformedValue } from "./fault.ts";

/** Reads one value; gives undefined, having noted a fault, for a value of the wrong form. */
export type Read<T> = (value: unknown, path: string) => T | undefined;

/** Reads one field of an object; an absent field is undefined. */
type Field = <T>(name: string, read: Read<T>) => T | undefined;

/** Reads values of unknown form and gathers every fault on the way, where a first one would hide the others. */
export class Reading {
  readonly faults: MalformedValue[] = [];

  refuse(path: string, expected: string, value: unknown): undefined {
    this.faults.push({ kind: "malformed-value", path, expected, found: describe(value) });
    return undefined;
  }

  readonly string: Read<string> = (value, path) =>
    typeof value === "string" ? value : this.refuse(path, "a string", value);

  oneOf<const T extends string>(options: readonly T[]): Read<T> {
    return (value, path) =>
      options.find((option) => option === value) ??
      this.refuse(path, `one of ${options.map((option) => JSON.stringify(option)).join(", ")}`, value);
  }

  /** A list without the entries that cannot be read. */
  list<T>(item: Read<T>): Read<readonly T[]> {
    return (value, path) => {
      if (!Array.isArray(value)) return this.refuse(path, "an array", value);
      const items: T[] = [];
      for (const [index, entry] of value.entries()) {
        const read = item(entry, `${path}[${index}]`);
        if (read !== undefined) items.push(read);
      }
      return Object.freeze(items);
    };
  }

  /** An object with no fields but the known ones. Inherited fields are not seen. */
  object<T>(known: readonly string[], build: (required: Field, optional: Field) => T | undefined): Read<T> {
    return (value, path) => {
      if (!isObject(value)) return this.refuse(path, "an object", value);
      const own = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
      for (const name of Object.keys(value)) {
        if (!known.includes(name))
          this.refuse(joined(path, name), `none but the fields ${known.join(", ")}`, own(name));
      }
      const required: Field = (name, read) => read(own(name), joined(path, name));
      const optional: Field = (name, read) => (own(name) === undefined ? undefined : required(name, read));
      return build(required, optional);
    };
  }

  /** A frozen object from names of any kind, even `__proto__`, to strings, sorted by name. */
  readonly notes: Read<Readonly<Record<string, string>>> = (value, path) => {
    if (!isObject(value)) return this.refuse(path, "an object", value);
    const notes: [string, string][] = [];
    for (const [name, field] of Object.entries(value)) {
      const text = this.string(field, joined(path, name));
      if (text !== undefined) notes.push([name, text]);
    }
    notes.sort(([a], [b]) => (a < b ? -1 : 1));
    // Object.fromEntries defines properties where an assignment to __proto__ would change the prototype.
    return Object.freeze(Object.fromEntries(notes));
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function joined(path: string, name: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

const SHOWN_CHARACTERS = 40;

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value);
  }
  return typeof value === "number" || typeof value === "boolean"
    ? `the ${typeof value} ${String(value)}`
    : `a ${typeof value}`;
}
