/** A strict join found no reference for a record of its stream. It fails the stage with a code of its own. */
export class JoinMissed extends Error {
  constructor(key: string, reference: string | undefined) {
    const of = reference === undefined ? "" : ` "${reference}"`;
    super(`no record of the reference${of} has the key ${key}, and the join is strict`);
    this.name = "JoinMissed";
  }
}
