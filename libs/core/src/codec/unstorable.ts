/** Why a value cannot be stored. */
export type UnstorableReason =
  | "function"
  | "symbol"
  | "class-instance"
  | "cycle"
  | "too-deep"
  | "too-large"
  | "invalid-date"
  | "sparse-array"
  | "lone-surrogate-in-key"
  | "promise";

/** Thrown within the codec, and caught at its entry, when a value cannot be stored. */
export class Unstorable {
  readonly reason: UnstorableReason;
  readonly detail: string;
  readonly path: readonly (string | number)[];

  constructor(reason: UnstorableReason, detail: string, path: readonly (string | number)[]) {
    this.reason = reason;
    this.detail = detail;
    this.path = path;
  }
}

/** Writes a path inside a payload as one would in code: `$.items[3]["a key"]`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = "$";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  }
  return text;
}
