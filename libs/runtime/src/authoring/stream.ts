import type { Result } from "neverthrow";

import { eventType, type PayloadOf, type SinkConnector } from "@refold/core";

import type { RejectedInput } from "../edge/record-view.ts";
import type { HandlerContext } from "../step/handler-context.ts";
import type { FlowRecorder } from "./flow-recorder.ts";
import { functionSink } from "./function-sink.ts";
import type { Port, StageInput } from "./port.ts";
import { programs } from "./programs.ts";
import type { PureHandler } from "./pure-handler.ts";
import type { Rejection } from "./rejection.ts";
import { branchesProblem, routeProgram, type Branches, type Router } from "./route.ts";
import { scheduleProblem } from "./schedule.ts";
import type { StageOptions } from "./stage-options.ts";
import { statefulProgram, type StatefulSpec } from "./stateful-spec.ts";

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
   * its event type. An input may have outputs on any number of branches.
   */
  route<B extends Branches>(
    name: string,
    branches: B,
    handler: (input: T, to: Router<B>, context: HandlerContext) => void | undefined,
  ): { readonly [K in keyof B]: StageStream<PayloadOf<B[K]>, T> } {
    const types = Object.values(branches);
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
    const streams = Object.entries(branches).map(([branch, type]) => [
      branch,
      new StageStream(this.#recorder, name, { type: type.name }),
    ]);
    // One stream for each branch, as the type says.
    return Object.fromEntries(streams) as { readonly [K in keyof B]: StageStream<PayloadOf<B[K]>, T> };
  }

  /** Folds the inputs into a state, and emits what the state is projected to, when its schedule says so. See `groupBy`. */
  stateful<S, O>(name: string, spec: StatefulSpec<T, S, O>, options?: StageOptions<O>): StageStream<O, T> {
    // JavaScript may leave the whole of it out.
    const { initial, fold, project, emit, author } = (spec as typeof spec | undefined) ?? {};
    const problems = [scheduleProblem(emit), ...(author?.problems ?? [])];
    const functions = { initial, fold, project, ...author?.functions };
    return this.#pure(name, "stateful", functions, () => statefulProgram(spec), options, problems);
  }

  /**
   * Ends here: a function that gets each item, or a connector. An item is delivered when its record is safe in the log, and
   * its receipt goes on record; in a replay nothing is delivered.
   */
  sink(name: string, sink: SinkConnector<T> | ((item: T) => void) | ((item: T) => Promise<void>)): void {
    const connector = typeof sink === "function" ? functionSink(sink) : sink;
    // What reaches the sink is what the upstream stages emit, which the types of the flow hold to be `T`.
    this.#recorder.sink(name, this.#input, connector, sink);
  }

  /** For the builder alone: what is behind this stream, if it is one of this flow. */
  input(recorder: FlowRecorder): StageInput {
    if (recorder !== this.#recorder) recorder.foreign(this.#input.ports[0]?.stage ?? "");
    return this.#input;
  }

  #pure<O>(
    name: string,
    kind: "transform" | "stateful",
    functions: Readonly<Record<string, unknown>>,
    program: Parameters<FlowRecorder["pure"]>[0]["program"],
    options: StageOptions<O> = {},
    problems: readonly (string | undefined)[] = [],
  ): StageStream<O, T> {
    this.#recorder.pure({ name, kind, inputs: [this.#input], functions, program, options, problems });
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
