import { thrownText } from "../thrown-text.ts";
import { Unstorable, type UnstorableReason } from "./unstorable.ts";

/** Thrown from within a payload, and given its place at the entry. */
export class Refusal {
  readonly reason: UnstorableReason;
  readonly detail: string;

  constructor(reason: UnstorableReason, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

/** Thrown where a payload takes more than its limit, which the entry knows. */
export const TOO_LARGE: Refusal = new Refusal("too-large", "larger than its limit");

export function unstorable(thrown: unknown, path: string, cycle: boolean): Unstorable {
  // A value that contains itself has no end: it is too deep or too large before it is anything else.
  if (cycle) return new Unstorable("cycle", "a cycle (an object that contains itself)", path);
  if (thrown instanceof Refusal) return new Unstorable(thrown.reason, thrown.detail, path);
  // Only a getter or a proxy within the payload throws anything else.
  return new Unstorable("unreadable", `reading it threw ${thrownText(thrown)}`, path);
}

const STORED_CLASSES: readonly string[] = ["Object", "Array", "Map", "Set", "Date", "Uint8Array"];

export function instanceText(value: object): string {
  const name = className(value);
  if (name === "Buffer") return "an instance of class Buffer (its bytes alone can be stored: new Uint8Array(buffer))";
  if (!STORED_CLASSES.includes(name)) return `an instance of class ${name}`;
  return `an object that is like ${name} but has another prototype (inherited, or of another realm)`;
}

/** The name of the class that a value says it is of. */
function className(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "(anonymous)";
}
