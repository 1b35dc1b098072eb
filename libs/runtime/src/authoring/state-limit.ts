/** A state has reached its limit: nothing of it is dropped in silence. */
export class StateLimitReached extends Error {
  constructor(what: string, limit: number) {
    super(`the state holds ${limit} ${what}, which is its limit: raise the limit, or have the stage keep less`);
    this.name = "StateLimitReached";
  }
}
