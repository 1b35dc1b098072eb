/** What a pure handler is told that returns a promise. */
const PURE = "a pure stage must not await";

/**
 * Refuses the promise that a handler of an author without a compiler may return. Nobody waits for it any more, so what it comes
 * to is let go.
 */
export function mustNotAwait(returned: unknown, rule: string = PURE): void {
  if (!isPromise(returned)) return;
  void Promise.resolve(returned).catch(() => undefined);
  throw new TypeError(`${rule}, but its handler returned a promise`);
}

/** A value of a handler that the stage itself does not see, because a state holds it. */
export function settled<Value>(value: Value): Value {
  mustNotAwait(value);
  return value;
}

/** Objects alone: a function with a `then` is no promise that anybody could have meant to return. */
function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function";
}
