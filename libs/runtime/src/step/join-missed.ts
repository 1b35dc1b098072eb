/** A strict join found no reference for a record of its stream. It fails the stage with a code of its own. */
export class JoinMissed extends Error {
  readonly mark = "refold.join-missed" as const;

  /** Also where a flow was made by another copy of this package than the one that runs it. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (value as { readonly mark?: unknown } | null | undefined)?.mark === "refold.join-missed";
  }

  constructor(key: string, reference: string | undefined) {
    const of = reference === undefined ? "" : ` "${reference}"`;
    super(`no record of the reference${of} has the key ${key}, and the join is strict`);
    this.name = "JoinMissed";
  }
}
