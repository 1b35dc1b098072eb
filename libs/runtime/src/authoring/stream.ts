import type { Result } from "neverthrow";

import { eventType, type PayloadOf, type SinkConnector } from "@refold/core";

import type { RejectedInput } from "../edge/record-view.ts";
import type { Effects, EffectfulSpec, StatefulEffectsSpec } from "../effect/effectful-spec.ts";
import type { EffectfulHandling } from "../effect/input-handling.ts";
import type { HandlerContext } from "../step/handler-context.ts";
import type { FlowRecorder } from "./flow-recorder.ts";
import { functionSink, type ItemContext } from "./function-sink.ts";
import type { JoinAllSpec, JoinKey, JoinKind, JoinSpec } from "./join.ts";
import { joinStage, type DeclaredJoin, type DeclaredReference } from "./join-stage.ts";
import { observerHandlers, type Observer, type ObserverHandler } from "./observer.ts";
import type { Port, StageInput } from "./port.ts";
import { programs } from "./programs.ts";
import type { PureHandler, Synchronous } from "./pure-handler.ts";
import type { Rejection } from "./rejection.ts";
import { branchesProblem, routeProgram, type Branches, type Router } from "./route.ts";
import { scheduleProblem } from "./schedule.ts";
import type { SinkOptions, StageOptions } from "./stage-options.ts";
import { statefulProgram, type StatefulSpec } from "./stateful-spec.ts";
import { windowProgram } from "./window-program.ts";
import { windowFunctions, windowProblems, windowSettings, type WindowResult, type WindowSpec } from "./window-spec.ts";

/** What one or several stages emit. Using it twice is fan-out: both readers see every record. */
export class Stream<T> {
  readonly #recorder: FlowRecorder;
  readonly #input: StageInput;

  constructor(recorder: FlowRecorder, input: StageInput) {
    this.#recorder = recorder;
    this.#input = input;
  }

  /** One output for each input. */
  map<O>(name: string, handler: PureHandler<T, O>, options?: StageOptions<O>): StageStream<O, T> {
    return this.#pure(name, "transform", { handler }, () => programs.map(handler), options);
  }

  /** The inputs for which the predicate holds. */
  filter<N extends T>(name: string, predicate: (input: T, context: HandlerContext) => input is N): StageStream<N, T>;
  filter(name: string, predicate: PureHandler<T, boolean>): StageStream<T, T>;
  filter(name: string, predicate: PureHandler<T, boolean>): StageStream<T, T> {
    return this.#pure(name, "transform", { predicate }, () => programs.filter(predicate));
  }

  /** At most one output for each input: none where the handler returns `undefined`. */
  filterMap<O>(
    name: string,
    handler: PureHandler<T, O | undefined>,
    options?: StageOptions<O>,
  ): StageStream<Exclude<O, undefined>, T> {
    return this.#pure(
      name,
      "transform",
      { handler },
      () => programs.filterMap(handler),
      options as StageOptions<never>,
    );
  }

  /**
   * One output for each input that the handler takes; of the others it tells why, by `reject`. These go on record as errors:
   * kinds `validation` and `domain` stay in band, and later handlers are not called for them; the others go no further.
   */
  tryMap<O>(name: string, handler: PureHandler<T, Result<O, Rejection>>, options?: StageOptions<O>): StageStream<O, T> {
    return this.#pure(name, "transform", { handler }, () => programs.tryMap(handler), options);
  }

  /** Any number of outputs for each input: those of an iterable, such as an array or a generator. */
  flatMap<O>(name: string, handler: PureHandler<T, Iterable<O>>, options?: StageOptions<O>): StageStream<O, T> {
    return this.#pure(name, "transform", { handler }, () => programs.flatMap(handler), options);
  }

  /** Any number of outputs for each input, given one by one. */
  transform<O>(
    name: string,
    handler: (input: T, emit: (output: O) => void, context: HandlerContext) => void | undefined,
    options?: StageOptions<O>,
  ): StageStream<O, T> {
    return this.#pure(name, "transform", { handler }, () => programs.transform(handler), options);
  }

  /**
   * Outputs of several types, each with a stream of its own: `to.large(order)` puts one on the branch `large`. Give each branch
   * an event type of its own. An input may have outputs on any number of branches.
   */
  route<B extends Branches>(
    name: string,
    branches: B,
    handler: (input: T, to: Router<B>, context: HandlerContext) => void | undefined,
  ): { readonly [K in keyof B]: StageStream<PayloadOf<B[K]>, T> } {
    // JavaScript may leave them out.
    const types = Object.values((branches as B | undefined) ?? {});
    this.#recorder.pure({
      name,
      kind: "transform",
      inputs: [this.#input],
      functions: { handler },
      program: () => routeProgram(Object.keys(branches), handler),
      options: { type: types[0] ?? eventType(name) },
      more: types.slice(1),
      problems: [branchesProblem(branches)],
    });
    const streams = Object.entries((branches as B | undefined) ?? {}).map(([branch, type]) => [
      branch,
      new StageStream(this.#recorder, name, { type: (type as typeof type | undefined)?.name ?? "" }),
    ]);
    // One stream for each branch, as the type says.
    return Object.fromEntries(streams) as { readonly [K in keyof B]: StageStream<PayloadOf<B[K]>, T> };
  }

  /** Folds the inputs into a state, and emits what the state is projected to, when its schedule says so. See `groupBy`. */
  stateful<S, O>(
    name: string,
    spec: StatefulSpec<T, S, O> & Synchronous<S>,
    options?: StageOptions<O>,
  ): StageStream<O, T> {
    // JavaScript may leave the whole of it out.
    const { initial, fold, project, emit, functions, problem } = (spec as typeof spec | undefined) ?? {};
    const written = functions ?? { initial, fold, project };
    const problems = [scheduleProblem(emit), problem];
    const checks = { problems, settings: { emit } };
    return this.#pure(name, "stateful", written, () => statefulProgram(spec), options, checks);
  }

  /**
   * At most one output for each input, from a handler that may await: of the outside, it calls the effects that the stage
   * declares, whose outcomes go on record. Inputs are handled several at a time; outputs stay in the order of the inputs.
   */
  effectful<E extends Effects, O, M = never>(
    name: string,
    spec: EffectfulSpec<T, E, O, M>,
    options?: StageOptions<Exclude<O, undefined | void> | M>,
  ): StageStream<Exclude<O, undefined | void> | M, T> {
    // JavaScript may leave the whole of it out.
    const { effects, concurrency, handle } = (spec as Partial<typeof spec> | undefined) ?? {};
    return this.#effectful(name, { handle }, options, {
      effects: effects ?? {},
      concurrency: concurrency ?? 16,
      initial: undefined,
      handle: async (_, input, context) => {
        // The types of the flow hold what arrives, and the spec its own effects.
        const output = await spec.handle(input as T, context as unknown as Parameters<typeof spec.handle>[1]);
        if (output !== undefined) context.emit(output);
      },
    });
  }

  /** As `effectful`, with a state: inputs are handled one at a time, each with the state that the one before it left. */
  statefulEffects<S, E extends Effects, O>(
    name: string,
    spec: StatefulEffectsSpec<T, S, E, O>,
    options?: StageOptions<O>,
  ): StageStream<O, T> {
    const { effects, initial, handle } = spec ?? {};
    return this.#effectful(name, { initial, handle }, options, {
      effects: effects ?? {},
      concurrency: 1,
      initial: () => spec.initial(),
      handle: async (state, input, context) => {
        // The state is what `initial`, or this handler, gave.
        const given = context as unknown as Parameters<typeof spec.handle>[2];
        const handled = await spec.handle(state as S, input as T, given);
        for (const output of handled.outputs) context.emit(output);
        return handled.state;
      },
    });
  }

  /**
   * One output for each record of this stream and the reference that has its key. The causes of an output name both. By default
   * the reference is read to its end before this stream, the latest record of a key counts, and a record without a reference
   * is dropped; see {@link JoinSpec}. Errors in band of this stream pass the join by, those of a reference end here.
   */
  join<R, K extends JoinKey, O, Kind extends JoinKind = "inner">(
    name: string,
    reference: Stream<R>,
    spec: JoinSpec<T, R, K, Kind, O>,
    options?: StageOptions<O>,
  ): StageStream<O, T>;
  /** One output for each record of this stream and what each of several references has for it, by their names. */
  join<References, O, Kind extends JoinKind = "inner">(
    name: string,
    references: JoinReferences<T, References>,
    spec: JoinAllSpec<T, References, Kind, O>,
    options?: StageOptions<O>,
  ): StageStream<O, T>;
  join<O>(name: string, joined: unknown, spec: unknown, options: StageOptions<O> = {}): StageStream<O, T> {
    // The overloads hold what these are; JavaScript may leave out any of it.
    const declared = (spec ?? {}) as DeclaredJoin & Pick<DeclaredReference, "key" | "on">;
    const several = joined as Readonly<Record<string, JoinReference<T, unknown>>>;
    const isOne = joined instanceof Stream || typeof joined !== "object" || joined === null;
    const references = isOne
      ? [this.#reference(undefined, { ...declared, from: joined })]
      : Object.entries(several).map(([of, reference]) => this.#reference(of, reference));
    this.#recorder.pure({ name, ...joinStage(this.#input, references, declared), options });
    return new StageStream<O, T>(this.#recorder, name, "all");
  }

  /**
   * Folds the inputs within each window of event time, and emits a window when the watermark has passed its end: when no input
   * that is on time can come for it any more. Windows are emitted in the order of their ends and, of equal ends, in the order in
   * which they were opened; those still open are emitted when all inputs have come to a natural end. After windows the watermark
   * goes on record: no window that ends at or before it is emitted after it.
   */
  window<V, K = undefined, O = WindowResult<K, V>>(
    name: string,
    spec: WindowSpec<T, K, V, O>,
    options: StageOptions<O> = {},
  ): WindowStream<O, T> {
    const type = options.type ?? eventType<O>(name);
    const late = eventType<T>(`${name}.late`);
    this.#recorder.pure({
      name,
      kind: "stateful",
      inputs: [this.#input],
      functions: windowFunctions(spec),
      settings: windowSettings(spec),
      program: (inputs) =>
        windowProgram(
          spec,
          inputs.map(({ from }) => from),
        ),
      options: { type },
      more: [late],
      problems: windowProblems(spec),
    });
    return new WindowStream<O, T>(this.#recorder, name, { results: type.name, late: late.name });
  }

  /**
   * Ends here: a function that gets each item, or a connector. An item is delivered when its record is safe in the log, and
   * its receipt goes on record; in a replay nothing is delivered. A function rejects an item by throwing a `SinkFailure`;
   * whatever else it throws fails the stage.
   */
  sink(
    name: string,
    sink:
      SinkConnector<T> | ((item: T, context: ItemContext) => void) | ((item: T, context: ItemContext) => Promise<void>),
    options?: SinkOptions,
  ): void {
    const connector = typeof sink === "function" ? functionSink(sink) : sink;
    // What reaches the sink is what the upstream stages emit, which the types of the flow hold to be `T`.
    this.#recorder.sink(name, this.#input, connector, sink, options);
  }

  /**
   * Shows each item to a function, or items, rejected inputs and transitions to those of an {@link Observer}, and gives the same
   * stream back. An observer changes nothing: it runs beside the flow, on what is in memory and may not be safe in the log yet,
   * is not called in a replay, and, if it throws, is left out for the rest of the run, which goes on.
   */
  observe<R>(name: string, observer: ObserverHandler<T, R>): this;
  observe<I, R, L>(name: string, observer: Observer<T, I, R, L>): this;
  observe(name: string, observer: unknown): this {
    this.#recorder.observer(name, this.#input, observerHandlers(observer));
    return this;
  }

  /** For the builder alone: what is behind this stream, if it is one of this flow. */
  input(recorder: FlowRecorder): StageInput {
    if (recorder !== this.#recorder) recorder.foreign(this.#input.ports[0]?.stage ?? "");
    return this.#input;
  }

  #effectful<O>(
    name: string,
    functions: Readonly<Record<string, unknown>>,
    options: StageOptions<O> = {},
    handling: EffectfulHandling,
  ): StageStream<O, T> {
    this.#recorder.effectful({ name, inputs: [this.#input], functions, handling, options });
    return new StageStream<O, T>(this.#recorder, name, "all");
  }

  #reference(name: string | undefined, declared: unknown): DeclaredReference {
    // As for the whole join.
    const { from, key, on } = (declared ?? {}) as Omit<DeclaredReference, "from"> & { readonly from: unknown };
    return { name, from: from instanceof Stream ? from.input(this.#recorder) : undefined, key, on };
  }

  #pure<O>(
    name: string,
    kind: "transform" | "stateful",
    functions: Readonly<Record<string, unknown>>,
    program: Parameters<FlowRecorder["pure"]>[0]["program"],
    options: StageOptions<O> = {},
    checks: Pick<Parameters<FlowRecorder["pure"]>[0], "problems" | "settings"> = {},
  ): StageStream<O, T> {
    this.#recorder.pure({ name, kind, inputs: [this.#input], functions, program, options, ...checks });
    return new StageStream<O, T>(this.#recorder, name, "all");
  }
}

/** What one stage emits, and what it rejects of its inputs. */
export class StageStream<T, Input> extends Stream<T> {
  /** The inputs that the stage rejected, of whatever kind, with why: a stream like any other. */
  readonly errors: Stream<RejectedInput<Input>>;

  constructor(recorder: FlowRecorder, stage: string, takes: Port["takes"]) {
    super(recorder, { ports: [{ stage, takes }] });
    this.errors = new Stream(recorder, { ports: [{ stage, takes: "errors" }] });
  }
}

/** What a window stage emits, and what came too late for it. */
export class WindowStream<T, Input> extends StageStream<T, Input> {
  /**
   * The inputs that came when a window that holds their time was no longer kept: each is missing from at least one window. With
   * sliding windows it may still be in others.
   */
  readonly late: Stream<Input>;

  constructor(recorder: FlowRecorder, stage: string, types: { readonly results: string; readonly late: string }) {
    super(recorder, stage, { type: types.results });
    this.late = new Stream(recorder, { ports: [{ stage, takes: { type: types.late } }] });
  }
}

/** One of several references. */
export interface JoinReference<Input, Reference> {
  readonly from: Stream<Reference>;
  readonly key: (reference: Reference) => JoinKey;
  readonly on: (input: Input) => JoinKey;
}

/** Several references, by the names under which `combine` gets what they hold. */
export type JoinReferences<Input, References> = {
  readonly [Name in keyof References]: JoinReference<Input, References[Name]>;
};
