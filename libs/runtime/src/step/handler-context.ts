/** What a pure handler may know besides its state and its input. All of it is the same on every replay. */
export interface HandlerContext {
  /** The name of the stage. */
  readonly stage: string;
  /** When the input went on record, in milliseconds since 1970: logical time, never ahead of the event in hand. */
  readonly now: number;
  /** A number from 0 (included) to 1 (excluded), seeded by run, stage and input. */
  random(): number;
  /** An id in the form of a uuid, seeded as `random` is. */
  id(): string;
}
