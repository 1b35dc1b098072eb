import { err, type Result } from "neverthrow";

import type { FlowConfiguration } from "../config/configuration.ts";
import type { FlowDefinition } from "../definition/flow-definition.ts";
import type { FlowFault } from "../definition/flow-fault.ts";
import { Feedback } from "./feedback.ts";
import { FlowRecorder } from "./flow-recorder.ts";
import type { SourceInput } from "./source-input.ts";
import type { SourceOptions } from "./stage-options.ts";
import type { ObserverHandler } from "./observer.ts";
import type { ObservedMove } from "../stage/observer-handlers.ts";
import { Stream } from "./stream.ts";

/** What the build function of a flow works with. */
export interface FlowBuilder {
  /**
   * Where records come from: what it gives goes on record. Items can be iterable, at once or asynchronously, or a web stream.
   * Give a function where a run is to read afresh each time; it may open files or connections, and it is never called in a
   * replay. See `batches` for lists of items, `poll` for a function that is called again and again, and `SourceConnector`.
   */
  source<T>(name: string, from: SourceInput<T>, options?: SourceOptions<T>): Stream<T>;
  /**
   * The way back into a cycle, to be read before what feeds it is declared: merge it with what enters the cycle, and `connect`
   * it. A cycle runs among transforms, is entered at one stage, and ends when its inputs have ended and nothing goes round.
   */
  feedback<T>(): Feedback<T>;
  /**
   * Looks on at the whole run: sees every transition of its stages and of its pipeline, as it goes on record. It changes nothing
   * and is no stage; one that throws sees nothing more, and the host's logger is told. In a replay it is not called.
   */
  observe<R>(name: string, lifecycle: ObserverHandler<ObservedMove, R>): void;
  /** The records of several streams, taken as they come; the order goes on record. */
  merge<T extends readonly unknown[]>(...streams: { readonly [K in keyof T]: Stream<T[K]> }): Stream<T[number]>;
  /**
   * The records of several streams by event time, in milliseconds: the earliest of them comes first. It waits for a record of
   * every stream that has not ended; each stream by itself is taken to be in order, and those of one stage, such as the
   * branches of a route, all together. Of equal times the first stream comes first. A time that is not finite fails the stage.
   */
  mergeOrdered<T extends readonly unknown[]>(
    eventTimeMs: (item: T[number]) => number,
    ...streams: { readonly [K in keyof T]: Stream<T[K]> }
  ): Stream<T[number]>;
}

/** A flow as its author wrote it. Building it gives a definition that can run any number of times. */
export interface Flow {
  readonly name: string;
  /** What its author sets for it, of the source `code`. It is checked when a run is opened. */
  readonly configuration?: FlowConfiguration;
  /** Runs the build function and checks the graph: the definition, or everything that is wrong. */
  build(): Result<FlowDefinition, readonly FlowFault[]>;
}

export interface FlowOptions {
  /** Settings that go with the flow wherever it runs. Files, the environment and the command line can override them. */
  readonly configuration?: FlowConfiguration;
}

/** Describes a flow. The build function runs when the flow is built, and only then. */
export function flow(name: string, build: (f: FlowBuilder) => void, options: FlowOptions = {}): Flow {
  return { name, ...options, build: () => buildFlow(name, build) };
}

/** Tells a flow from other values, also one made by another copy of this package. */
export function isFlow(value: unknown): value is Flow {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as { readonly name?: unknown; readonly build?: unknown };
  return typeof candidate.name === "string" && typeof candidate.build === "function";
}

function buildFlow(name: string, build: (f: FlowBuilder) => void): Result<FlowDefinition, readonly FlowFault[]> {
  const recorder = new FlowRecorder(name);
  const builder: FlowBuilder = {
    source(stage, from, options) {
      recorder.source(stage, from, options);
      return new Stream(recorder, { ports: [{ stage, takes: "all" }] });
    },
    feedback: <T>() => new Feedback<T>(recorder, recorder.feedback()),
    observe: (observer, lifecycle) => recorder.lifecycleObserver(observer, lifecycle),
    merge(...streams) {
      const inputs = streams.map((stream) => stream.input(recorder));
      return new Stream(recorder, {
        ports: recorder.merged(inputs),
        orderBy: inputs.length === 1 ? inputs[0]?.orderBy : undefined,
      });
    },
    mergeOrdered: (orderBy, ...streams) =>
      new Stream(recorder, {
        ports: recorder.merged(streams.map((stream) => stream.input(recorder))),
        // The types of the streams hold that what is read is what the function takes.
        orderBy: orderBy,
      }),
  };
  try {
    // Callers without a compiler may give anything.
    const returned: unknown = typeof build === "function" ? build(builder) : build;
    if (returned !== undefined && typeof (returned as PromiseLike<unknown> | null)?.then === "function") {
      void Promise.resolve(returned).catch(() => undefined);
      return err([
        { kind: "builder-threw", message: "it returned a promise; what it declares after awaiting would be lost" },
      ]);
    }
    if (typeof build !== "function") return err([{ kind: "builder-threw", message: "there is none" }]);
  } catch (cause) {
    return err([
      ...recorder.faults,
      { kind: "builder-threw", message: cause instanceof Error ? cause.message : String(cause) },
    ]);
  }
  return recorder.finish();
}
