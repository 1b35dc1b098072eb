import type { Clock, LaneId, LaneSeq } from "@refold/core";

import { copied } from "../step/copied.ts";
import { InputContext } from "../step/input-context.ts";
import type { Outputs, ProgramContext, StageProgram } from "../step/stage-program.ts";
import type { EffectPerformer } from "./effect-performer.ts";
import type { EffectfulContext, Effects } from "./effectful-spec.ts";
import { InputCalls } from "./input-calls.ts";

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
  readonly #clock: Clock;
  /** What was done with inputs that no step has taken yet. */
  readonly #done: Map<string, InputCalls> = new Map();
  #state: { readonly value: unknown } | undefined;

  constructor(
    handling: EffectfulHandling,
    performer: EffectPerformer,
    { stage, rootRunId, clock }: { readonly stage: string; readonly rootRunId: string; readonly clock: Clock },
  ) {
    this.#handling = handling;
    this.performer = performer;
    this.#stage = stage;
    this.#rootRunId = rootRunId;
    this.#clock = clock;
  }

  /** Runs the handler on an input. It never rejects: what the handler throws, the step that takes the input throws. */
  async handle(input: HandledInput): Promise<void> {
    const { lane, seq } = input;
    const rehearsal = this.performer.rehearsal?.(lane, seq);
    if (rehearsal !== undefined) {
      // What a handler does to its input and its state before it throws must not be there when it is run for good.
      const state = this.#state && { value: copied(this.#state.value) };
      const rehearsed = { ...input, payload: copied(input.payload) };
      rehearsal.forget((await this.#run(rehearsed, rehearsal.performer, state)).endedOn);
    }
    this.#done.set(
      placeId(lane, seq),
      await this.#run(input, this.performer, this.#state, (state) => (this.#state = state)),
    );
  }

  async #run(
    { payload, lane, seq, timeMs }: HandledInput,
    performer: EffectPerformer,
    before: { readonly value: unknown } | undefined,
    keep?: (state: { readonly value: unknown }) => void,
  ): Promise<InputCalls> {
    const context = new InputContext(this.#rootRunId, this.#stage);
    context.moveTo(lane, seq, timeMs);
    const { initial, handle, effects } = this.#handling;
    const calls = new InputCalls({ context, effects, performer, clock: this.#clock });
    try {
      const state = before ?? (initial && { value: initial() });
      if (state !== undefined) keep?.(state);
      const next = await handle(state?.value, payload, calls);
      if (state !== undefined) keep?.({ value: next });
    } catch (cause) {
      calls.handlerThrew(cause);
    }
    await calls.end();
    return calls;
  }

  accept(_: unknown, { lane, seq }: ProgramContext, outputs: Outputs): Iterator<unknown> | undefined {
    const id = placeId(lane, seq);
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
}

function placeId(lane: LaneId, seq: LaneSeq): string {
  return `${lane}:${seq}`;
}
