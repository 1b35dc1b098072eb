/** A value on one line for people, in the manner of a literal, cut to `limit` characters. `log --json` shows it whole. */
export function previewValue(value: unknown, limit: number): string {
  const writer = new PreviewWriter(limit);
  writer.value(value, 0);
  return writer.text;
}

const MAX_DEPTH = 6;

class PreviewWriter {
  #text = "";
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get text(): string {
    return this.#full ? `${this.#text.slice(0, Math.max(0, this.#limit - 1))}…` : this.#text;
  }

  /** Writing stops soon after the limit, so that a large value costs no more than a small one. */
  get #full(): boolean {
    return this.#text.length > this.#limit;
  }

  value(value: unknown, depth: number): void {
    if (this.#full) return;
    if (typeof value === "string") this.#string(value);
    else if (typeof value === "bigint") this.#text += `${value}n`;
    else if (typeof value !== "object" || value === null) this.#text += Object.is(value, -0) ? "-0" : String(value);
    else if (depth >= MAX_DEPTH) this.#text += "…";
    else this.#object(value, depth + 1);
  }

  #string(value: string): void {
    const cut = value.length > this.#limit ? value.slice(0, this.#limit + 1) : value;
    // JSON leaves some control characters as they are.
    this.#text += JSON.stringify(cut).replace(
      /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  }

  #object(value: object, depth: number): void {
    if (value instanceof Date) this.#text += Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    else if (value instanceof Uint8Array) this.#text += `bytes(${value.length})`;
    else if (Array.isArray(value)) this.#members("[", "]", value, (item) => this.value(item, depth));
    else if (value instanceof Set) this.#members("Set {", "}", value, (item) => this.value(item, depth));
    else if (value instanceof Map) {
      this.#members("Map {", "}", value, ([key, held]: [unknown, unknown]) => {
        this.value(key, depth);
        this.#text += " => ";
        this.value(held, depth);
      });
    } else {
      this.#members("{", "}", Object.keys(value), (key) => {
        this.#key(key);
        this.value((value as Record<string, unknown>)[key], depth);
      });
    }
  }

  #key(key: string): void {
    if (/^[A-Za-z_$][\w$]*$/.test(key)) this.#text += key;
    else this.#string(key);
    this.#text += ": ";
  }

  #members<T>(open: string, close: string, members: Iterable<T>, write: (member: T) => void): void {
    this.#text += open;
    let first = true;
    for (const member of members) {
      if (this.#full) return;
      if (!first) this.#text += ", ";
      first = false;
      write(member);
    }
    this.#text += close;
  }
}
