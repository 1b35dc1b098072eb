import type { ErrorKind, LaneId, LaneSeq } from "@refold/core";

import { InputContext } from "../step/input-context.ts";
import type { Outputs, ProgramContext, StageProgram } from "../step/stage-program.ts";
import { resultOf, type EffectResult } from "./effect-outcome.ts";
import { callId, type EffectPerformer } from "./effect-performer.ts";
import type { EffectfulContext, Effects } from "./effectful-spec.ts";

/** An effectful stage as its definition holds it. */
export interface EffectfulHandling {
  readonly effects: Effects;
  readonly concurrency: number;
  /** Of a stage with a state: its first. */
  readonly initial: (() => unknown) | undefined;
  /** Gives the next state. What is emitted goes to the context. */
  readonly handle: (state: unknown, input: unknown, context: EffectfulContext<Effects, unknown>) => unknown;
}

/** An input to be handled. */
export interface HandledInput {
  readonly payload: unknown;
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  readonly timeMs: number;
}

/** What a handler did with an input. */
interface Handling {
  readonly outputs: unknown[];
  rejection: { readonly error: ErrorKind; readonly message: string } | undefined;
  threw: { readonly cause: unknown } | undefined;
}

/**
 * Runs the handler of an effectful stage on inputs ahead of the step that takes them; the step then only puts on record what the
 * handler did. The live stage and the replay differ in the performer alone.
 */
export class InputHandling implements StageProgram {
  /** Who gives the outcomes. A run that is gone on with gets another one. */
  performer: EffectPerformer;
  readonly #handling: EffectfulHandling;
  readonly #stage: string;
  readonly #rootRunId: string;
  /** What was done with inputs that no step has taken yet. */
  readonly #done: Map<string, Handling> = new Map();
  #state: { value: unknown } | undefined;

  constructor(
    handling: EffectfulHandling,
    performer: EffectPerformer,
    { stage, rootRunId }: { readonly stage: string; readonly rootRunId: string },
  ) {
    this.#handling = handling;
    this.performer = performer;
    this.#stage = stage;
    this.#rootRunId = rootRunId;
  }

  /** Runs the handler on an input. It never rejects: what the handler throws, the step that takes the input throws. */
  async handle({ payload, lane, seq, timeMs }: HandledInput): Promise<void> {
    const handling: Handling = { outputs: [], rejection: undefined, threw: undefined };
    const { initial, handle } = this.#handling;
    try {
      if (initial !== undefined) this.#state ??= { value: initial() };
      const context = this.#context(handling, lane, seq, timeMs);
      const next = await handle(this.#state?.value, payload, context);
      if (this.#state !== undefined) this.#state.value = next;
    } catch (cause) {
      handling.threw ??= { cause };
    }
    this.#done.set(callId(lane, seq, 0), handling);
  }

  accept(_: unknown, { lane, seq }: ProgramContext, outputs: Outputs): Iterator<unknown> | undefined {
    const id = callId(lane, seq, 0);
    const handling = this.#done.get(id);
    if (handling === undefined) throw new Error("a step took an input that was not handled");
    if (handling.threw !== undefined) throw handling.threw.cause;
    this.#done.delete(id);
    if (handling.rejection !== undefined) outputs.reject(handling.rejection.error, handling.rejection.message);
    return handling.outputs[Symbol.iterator]();
  }

  finish(): Iterable<unknown> {
    return [];
  }

  snapshot(): unknown {
    return this.#state?.value;
  }

  restore(state: unknown): void {
    if (this.#handling.initial !== undefined) this.#state = { value: state };
  }

  #context(handling: Handling, lane: LaneId, seq: LaneSeq, timeMs: number): EffectfulContext<Effects, unknown> {
    const input = new InputContext(this.#rootRunId, this.#stage);
    input.moveTo(lane, seq, timeMs);
    let ordinal = 0;
    const call = async (
      effect: { readonly name: string; readonly version: number },
      payload: unknown,
      make: Parameters<EffectPerformer["perform"]>[0]["make"],
    ): Promise<EffectResult<unknown>> => {
      const { name, version } = effect;
      try {
        const request = { name, version, lane, seq, ordinal: ordinal++, input: payload, make };
        return resultOf(await this.performer.perform(request));
      } catch (cause) {
        handling.threw ??= { cause };
        throw cause;
      }
    };
    const effects = Object.fromEntries(
      Object.entries(this.#handling.effects).map(([as, effect]) => [
        as,
        (payload: unknown) => call(effect, payload, { kind: "effect", effect }),
      ]),
    );
    return {
      stage: input.stage,
      now: timeMs,
      random: () => input.random(),
      id: () => input.id(),
      effects: effects,
      async capture<T>(label: string, make: () => T | Promise<T>): Promise<T> {
        const made = await call({ name: `capture ${label}`, version: 1 }, undefined, {
          kind: "capture",
          capture: make,
        });
        if (made.isErr()) throw new Error(`what was to be captured as "${label}" threw: ${made.error.message}`);
        // What was captured is what `make` gave, or what is on record of it.
        return made.value as T;
      },
      emit: (output) => void handling.outputs.push(output),
      reject: (error, message) => {
        handling.rejection ??= { error, message };
      },
    };
  }
}
