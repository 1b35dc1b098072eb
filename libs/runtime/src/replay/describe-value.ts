const MAX_TEXT = 120;
const MAX_DEPTH = 8;
const UNREADABLE = "(what cannot be read)";

/** A value as text of at most 120 characters and a mark that it was cut, whatever it holds: cycles, depth, what throws when read. */
export function describeValue(value: unknown): string {
  const text = new ShortText();
  try {
    text.add(value, 0);
  } catch {
    text.write(UNREADABLE);
  }
  return text.text.length <= MAX_TEXT ? text.text : `${text.text.slice(0, MAX_TEXT)}…`;
}

/** Looks no further once the text is long enough. Every value adds to it, so this bounds the work as well. */
class ShortText {
  text = "";

  add(value: unknown, depth: number): void {
    if (typeof value === "string") this.write(JSON.stringify(value.slice(0, MAX_TEXT)));
    else if (typeof value === "bigint") this.write(`${value}n`);
    else if (Object.is(value, -0)) this.write("-0");
    else if (typeof value !== "object" || value === null) this.write(String(value));
    else if (depth === MAX_DEPTH) this.write("(deeper)");
    else this.#addObject(value, depth + 1);
  }

  write(text: string): void {
    this.text += text.slice(0, MAX_TEXT + 1);
  }

  get #full(): boolean {
    return this.text.length > MAX_TEXT;
  }

  #addObject(value: object, depth: number): void {
    if (value instanceof Date) this.write(Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString());
    else if (value instanceof Uint8Array) this.write(`bytes ${hexOf(value.subarray(0, MAX_TEXT))}`);
    else if (value instanceof Map) {
      this.write("Map ");
      this.#addItems(value, depth);
    } else if (value instanceof Set) {
      this.write("Set ");
      this.#addItems(value, depth);
    } else if (Array.isArray(value)) this.#addItems(value, depth);
    else this.#addFields(value as Readonly<Record<string, unknown>>, depth);
  }

  #addItems(items: Iterable<unknown>, depth: number): void {
    let before = "[";
    for (const item of items) {
      this.write(before);
      if (this.#full) return;
      this.add(item, depth);
      before = ", ";
    }
    this.write(before === "[" ? "[]" : "]");
  }

  #addFields(fields: Readonly<Record<string, unknown>>, depth: number): void {
    let before = "{ ";
    for (const key of Object.keys(fields)) {
      this.write(`${before}${key.slice(0, MAX_TEXT)}: `);
      if (this.#full) return;
      this.add(fields[key], depth);
      before = ", ";
    }
    this.write(before === "{ " ? "{}" : " }");
  }
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
