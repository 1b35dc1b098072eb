import type { Result } from "neverthrow";

import type { SinkConnector } from "@refold/core";

import type { HandlerContext } from "../step/handler-context.ts";
import type { FlowRecorder } from "./flow-recorder.ts";
import { programs } from "./programs.ts";
import type { PureHandler } from "./pure-handler.ts";
import { functionSink, type ItemContext } from "./function-sink.ts";
import type { Rejection } from "./rejection.ts";
import type { SinkOptions, StageOptions } from "./stage-options.ts";
import { statefulProgram, type StatefulSpec } from "./stateful-spec.ts";

/** What one or several stages emit. Using it twice is fan-out: both readers see every record. */
export class Stream<T> {
  readonly #recorder: FlowRecorder;
  readonly #upstream: readonly string[];

  constructor(recorder: FlowRecorder, upstream: readonly string[]) {
    this.#recorder = recorder;
    this.#upstream = upstream;
  }

  /** One output for each input. */
  map<O>(name: string, handler: PureHandler<T, O>, options?: StageOptions<O>): Stream<O> {
    return this.#pure(name, "transform", { handler }, () => programs.map(handler), options);
  }

  /** The inputs for which the predicate holds. */
  filter<N extends T>(name: string, predicate: (input: T, context: HandlerContext) => input is N): Stream<N>;
  filter(name: string, predicate: PureHandler<T, boolean>): Stream<T>;
  filter(name: string, predicate: PureHandler<T, boolean>): Stream<T> {
    return this.#pure(name, "transform", { predicate }, () => programs.filter(predicate));
  }

  /**
   * One output for each input that the handler takes; of the others it tells why, by `reject`. These go on record as errors:
   * kinds `validation` and `domain` stay in band, and later handlers are not called for them; the others go no further.
   */
  tryMap<O>(name: string, handler: PureHandler<T, Result<O, Rejection>>, options?: StageOptions<O>): Stream<O> {
    return this.#pure(name, "transform", { handler }, () => programs.tryMap(handler), options);
  }

  /** Any number of outputs for each input: those of an iterable, such as an array or a generator. */
  flatMap<O>(name: string, handler: PureHandler<T, Iterable<O>>, options?: StageOptions<O>): Stream<O> {
    return this.#pure(name, "transform", { handler }, () => programs.flatMap(handler), options);
  }

  /** Any number of outputs for each input, given one by one. */
  transform<O>(
    name: string,
    handler: (input: T, emit: (output: O) => void, context: HandlerContext) => void | undefined,
    options?: StageOptions<O>,
  ): Stream<O> {
    return this.#pure(name, "transform", { handler }, () => programs.transform(handler), options);
  }

  /** Folds the inputs into a state, and emits what the state is projected to. See `groupBy`. */
  stateful<S, O>(name: string, spec: StatefulSpec<T, S, O>, options?: StageOptions<O>): Stream<O> {
    // JavaScript may leave the whole of it out.
    const { initial, fold, project } = (spec as typeof spec | undefined) ?? {};
    return this.#pure(name, "stateful", { initial, fold, project }, () => statefulProgram(spec), options);
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
    this.#recorder.sink(name, this.#upstream, connector, sink, options);
  }

  /** For the builder alone: the stages behind this stream, if it is one of this flow. */
  upstream(recorder: FlowRecorder): readonly string[] {
    if (recorder !== this.#recorder) recorder.foreign(this.#upstream[0] ?? "");
    return this.#upstream;
  }

  #pure<O>(
    name: string,
    kind: "transform" | "stateful",
    functions: Readonly<Record<string, unknown>>,
    program: Parameters<FlowRecorder["pure"]>[0]["program"],
    options: StageOptions<O> = {},
  ): Stream<O> {
    this.#recorder.pure({ name, kind, upstream: this.#upstream, functions, program, options });
    return new Stream<O>(this.#recorder, [name]);
  }
}
