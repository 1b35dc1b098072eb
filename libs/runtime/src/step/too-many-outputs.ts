/** The most outputs that a handler may emit for one input: what is emitted waits in memory until there is credit for it. */
export const MAX_EMITTED = 1_000_000;

/** A handler emits without end, or more for one input than can wait. */
export class TooManyOutputs extends RangeError {
  constructor(limit: number) {
    const most = limit.toLocaleString("en-US");
    super(
      `more than ${most} outputs were emitted for one input: return them from flatMap, as an iterable that is asked for one when there is room, or have a stage before this one split the input`,
    );
    this.name = "RangeError";
  }
}
