/**
 * Has stages whose state is that of inputs in hand finish with these, and take no further ones until a snapshot was taken.
 * Nobody waits for them meanwhile who would not anyway.
 */
export class Hold {
  /** Called when none of them has anything in hand any more while they are held. */
  onFree: (() => void) | undefined;
  readonly #released: () => void;
  readonly #busy: Set<object> = new Set();
  #isOn = false;

  /** `released` has the stages go on. */
  constructor(released: () => void) {
    this.#released = released;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Whether no stage has anything in hand. */
  get isFree(): boolean {
    return this.#busy.size === 0;
  }

  begin(): void {
    this.#isOn = true;
  }

  end(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#released();
  }

  /** A stage has something in hand, or has not any more. */
  setBusy(stage: object, isBusy: boolean): void {
    if (isBusy) this.#busy.add(stage);
    else if (this.#busy.delete(stage) && this.#isOn && this.isFree) this.onFree?.();
  }
}
