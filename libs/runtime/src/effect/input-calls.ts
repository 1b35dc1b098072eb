import type { Clock, ErrorKind } from "@refold/core";

import type { InputContext } from "../step/input-context.ts";
import { MAX_EMITTED, TooManyOutputs } from "../step/too-many-outputs.ts";
import { resultOf, type EffectResult } from "./effect-outcome.ts";
import type { EffectMaking, EffectPerformer } from "./effect-performer.ts";
import type { EffectCaller, EffectfulContext, Effects } from "./effectful-spec.ts";
import { OutcomeTurns } from "./outcome-turns.ts";

type Callers = Record<string, EffectCaller<Effects[string]>>;

/** What a handler does with one input: the calls that it asks for, and what it gives. */
export class InputCalls implements EffectfulContext<Effects, unknown> {
  readonly outputs: unknown[] = [];
  rejection: { readonly error: ErrorKind; readonly message: string } | undefined;
  /** The first that was thrown, by the handler or by a call that nobody can vouch for. It stands, whatever the handler makes of it. */
  threw: { readonly cause: unknown } | undefined;
  readonly #context: InputContext;
  readonly #effects: Effects;
  readonly #performer: EffectPerformer;
  readonly #clock: Clock;
  readonly #turns: OutcomeTurns;
  readonly #underWay: Set<Promise<unknown>> = new Set();
  /** The outcomes that the handler was given, in their order; with how many calls it had asked for by then. */
  readonly #given: { readonly ordinal: number; readonly hasFailed: boolean; readonly asked: number }[] = [];
  #handlerThrew = false;
  #callers: Callers | undefined;
  #ordinal = 0;
  #isOver = false;

  constructor(options: {
    readonly context: InputContext;
    readonly effects: Effects;
    readonly performer: EffectPerformer;
    readonly clock: Clock;
  }) {
    this.#context = options.context;
    this.#effects = options.effects;
    this.#performer = options.performer;
    this.#clock = options.clock;
    this.#turns = new OutcomeTurns(options.clock);
    // A handler may well take these out of their object.
    this.random = () => this.#context.random();
    this.id = () => this.#context.id();
    this.capture = (label, make) => this.#capture(label, make);
    this.emit = (output) => this.#emit(output);
    this.reject = (error, message) => this.#reject(error, message);
  }

  readonly random: () => number;
  readonly id: () => string;
  readonly capture: <T>(label: string, make: () => T | Promise<T>) => Promise<T>;
  readonly emit: (output: unknown) => void;
  readonly reject: (error: ErrorKind, message: string) => void;

  get stage(): string {
    return this.#context.stage;
  }

  get now(): number {
    return this.#context.now;
  }

  get effects(): Callers {
    this.#callers ??= Object.fromEntries(
      Object.entries(this.#effects).map(([as, effect]) => [
        as,
        (input: unknown) => this.#call(effect, input, { kind: "effect", effect }),
      ]),
    );
    return this.#callers;
  }

  /**
   * Waits for the calls that the handler has not waited for: they are part of what it does with its input. From then on it can
   * ask for nothing more.
   */
  async end(): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.allSettled(this.#underWay);
      // What follows an outcome may ask for more.
      await this.#clock.turn();
    }
    this.#isOver = true;
    const { lane, seq } = this.#context;
    try {
      this.#performer.handled(lane, seq);
    } catch (cause) {
      this.threw ??= { cause };
    }
  }

  /** The handler itself threw. */
  handlerThrew(cause: unknown): void {
    if (this.threw !== undefined) return;
    this.threw = { cause };
    this.#handlerThrew = true;
  }

  /**
   * The failures that the handler ended on: those after which it asked for nothing more, if it threw. With any other it has dealt,
   * by asking for a further call.
   */
  get endedOn(): readonly number[] {
    if (!this.#handlerThrew) return [];
    return this.#given
      .filter(({ hasFailed, asked }) => hasFailed && asked === this.#ordinal)
      .map(({ ordinal }) => ordinal);
  }

  #call(
    effect: { readonly name: string; readonly version: number },
    input: unknown,
    make: EffectMaking,
  ): Promise<EffectResult<unknown>> {
    const made = this.#perform(effect, input, make);
    this.#underWay.add(made);
    const settled = (): void => void this.#underWay.delete(made);
    // That nobody waits for a call must not end the process; the input has failed in any case.
    made.then(settled, settled);
    return made;
  }

  async #perform(
    { name, version }: { readonly name: string; readonly version: number },
    input: unknown,
    make: EffectMaking,
  ): Promise<EffectResult<unknown>> {
    this.#insist(`"${name}" was called`);
    // Whoever has swallowed a failure of this kind does not get any further by it.
    if (this.threw !== undefined) throw this.threw.cause;
    const { lane, seq } = this.#context;
    this.#turns.begin();
    try {
      const ordinal = this.#ordinal++;
      const request = { name, version, lane, seq, ordinal, input, make, turns: this.#turns };
      const settled = await this.#performer.perform(request);
      this.#given.push({ ordinal, hasFailed: settled.outcome === "failed", asked: this.#ordinal });
      return resultOf(settled);
    } catch (cause) {
      this.threw ??= { cause };
      throw cause;
    } finally {
      this.#turns.end();
    }
  }

  async #capture<T>(label: string, capture: () => T | Promise<T>): Promise<T> {
    const effect = { name: `capture ${label}`, version: 1 };
    const made = await this.#call(effect, undefined, { kind: "capture", capture });
    if (made.isErr()) throw new Error(`what was to be captured as "${label}" threw: ${made.error.message}`);
    // What was captured is what `make` gave, or what is on record of it.
    return made.value as T;
  }

  #emit(output: unknown): void {
    this.#insist("emit was called");
    if (this.outputs.length >= MAX_EMITTED) {
      const cause = new TooManyOutputs(MAX_EMITTED);
      this.threw ??= { cause };
      throw cause;
    }
    this.outputs.push(output);
  }

  #reject(error: ErrorKind, message: string): void {
    this.#insist("reject was called");
    this.rejection ??= { error, message };
  }

  #insist(what: string): void {
    if (this.#isOver) throw new Error(`${what} after its handler had returned`);
  }
}
