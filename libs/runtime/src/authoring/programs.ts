import type { Result } from "neverthrow";

import type { HandlerContext } from "../step/handler-context.ts";
import { mustNotAwait } from "../step/must-not-await.ts";
import type { Outputs, StageProgram } from "../step/stage-program.ts";
import type { Rejection } from "./rejection.ts";

const NOTHING: readonly unknown[] = [];
const finish = (): Iterable<unknown> => NOTHING;

/** The programs of the transforms. The types of the flow hold that what arrives is what the handler takes. */
export const programs: {
  map<T>(handler: (input: T, context: HandlerContext) => unknown): StageProgram;
  filter<T>(predicate: (input: T, context: HandlerContext) => boolean): StageProgram;
  filterMap<T>(handler: (input: T, context: HandlerContext) => unknown): StageProgram;
  tryMap<T>(handler: (input: T, context: HandlerContext) => Result<unknown, Rejection>): StageProgram;
  flatMap<T>(handler: (input: T, context: HandlerContext) => Iterable<unknown>): StageProgram;
  transform<T, O>(handler: (input: T, emit: (output: O) => void, context: HandlerContext) => void): StageProgram;
} = {
  map: (handler) => ({
    accept(input, context, outputs) {
      const output = handler(input as Parameters<typeof handler>[0], context);
      mustNotAwait(output);
      outputs.emit(output);
      return undefined;
    },
    finish,
  }),
  filter: (predicate) => ({
    accept(input, context, outputs) {
      const holds: unknown = predicate(input as Parameters<typeof predicate>[0], context);
      mustNotAwait(holds);
      if (holds) outputs.forward();
      return undefined;
    },
    finish,
  }),
  filterMap: (handler) => ({
    accept(input, context, outputs) {
      const output = handler(input as Parameters<typeof handler>[0], context);
      mustNotAwait(output);
      if (output !== undefined) outputs.emit(output);
      return undefined;
    },
    finish,
  }),
  tryMap: (handler) => ({
    accept(input, context, outputs) {
      const result = handler(input as Parameters<typeof handler>[0], context);
      mustNotAwait(result);
      if (result.isOk()) outputs.emit(result.value);
      else outputs.reject(result.error.kind, result.error.message);
      return undefined;
    },
    finish,
  }),
  flatMap: (handler) => ({
    accept(input, context) {
      const given: unknown = handler(input as Parameters<typeof handler>[0], context);
      if (isIterable(given)) return given[Symbol.iterator]();
      mustNotAwait(given);
      throw new TypeError(`flatMap needs an iterable of outputs, but its handler returned ${kindOf(given)}`);
    },
    finish,
  }),
  transform(handler) {
    let into: Outputs | undefined;
    const emit = (output: unknown): void => {
      if (into === undefined) throw new Error("emit was called after its handler had returned");
      into.emit(output);
    };
    return {
      accept(input, context, outputs) {
        into = outputs;
        try {
          mustNotAwait(handler(input as Parameters<typeof handler>[0], emit, context));
        } finally {
          into = undefined;
        }
        return undefined;
      },
      finish,
    };
  },
};

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof (value as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === "function";
}

function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Symbol.asyncIterator in value ? "an asynchronous one, and a pure stage must not await" : "object";
}
