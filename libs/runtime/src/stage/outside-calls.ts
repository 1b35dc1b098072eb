import type { Clock } from "@refold/core";

/** How long a stage that is told to cancel still waits for a call to the outside that is under way, in milliseconds. */
export const CANCEL_GRACE_MS = 5_000;

/** The calls that one stage makes to the outside, one at a time. Being told to cancel is not held up by one for ever. */
export class OutsideCalls {
  readonly #clock: Clock;
  #cancelled = false;
  /** Begins the grace of the call under way. */
  #hurry: (() => void) | undefined;
  /** Gives up the call under way. */
  #drop: (() => void) | undefined;
  #onCancel: (() => void) | undefined;
  /** The call that was given up. */
  #lost: Promise<unknown> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on no call is waited for longer than its grace. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#hurry?.();
    this.#onCancel?.();
  }

  /** Hears, once, that the stage is to cancel; at once, if it has been told. */
  onCancel(listener: () => void): void {
    this.#onCancel = listener;
    if (this.#cancelled) listener();
  }

  /** Gives up the call under way, and waits for none any more. */
  giveUp(): void {
    this.#cancelled = true;
    this.#drop?.();
    this.#lost ??= Promise.resolve();
  }

  /** Makes a call. False says that it was given up; then only {@link last} may follow. Throws what the call throws. */
  call(make: () => void | Promise<void>): boolean | Promise<boolean> {
    // What was given up must not begin anew: nobody would put on record what came of it.
    if (this.#lost !== undefined) return false;
    const made = make();
    // A function that promises to return nothing may still return what the compiler lets pass, such as a length.
    return typeof made?.then === "function" ? this.#settled(made) : true;
  }

  /** Makes the call that ends all calls: at once or, where one was given up, when that comes back, which nobody waits for. */
  async last(make: () => void | Promise<void>): Promise<void> {
    if (this.#lost === undefined) await this.call(make);
    else void this.#lost.then(make, make).catch(() => undefined);
  }

  #settled(made: Promise<void>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let callOff: (() => void) | undefined;
      const settle = (): void => {
        this.#hurry = undefined;
        this.#drop = undefined;
        callOff?.();
      };
      const drop = (): void => {
        settle();
        this.#lost = made;
        resolve(false);
      };
      this.#drop = drop;
      this.#hurry = () => {
        callOff = this.#clock.schedule(CANCEL_GRACE_MS, drop);
      };
      made.then(
        () => {
          settle();
          resolve(true);
        },
        (cause: Error) => {
          settle();
          reject(cause);
        },
      );
      if (this.#cancelled) this.#hurry();
    });
  }
}
