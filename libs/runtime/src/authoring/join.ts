import type { HandlerContext } from "../step/handler-context.ts";
import type { Key } from "./key.ts";
import type { Synchronous } from "./pure-handler.ts";

/**
 * What records are joined by. Two keys are equal as those of a `Map` are: `NaN` equals `NaN`, `0` equals `-0`, `undefined` and
 * `null` are keys like others, and 1 is not "1". An object is no key, since a copy of it would be another: it fails the stage.
 */
export type JoinKey = Key;

/**
 * What becomes of a record of the stream for whose key there is no reference: `inner` drops it, `left` joins it with
 * `undefined`, `strict` fails the stage with `join-missed`.
 */
export type JoinKind = "inner" | "left" | "strict";

/**
 * When references are read. `first`: to their end, before the stream; the stream waits by its credit. `live`: as they come, so
 * that a record of the stream meets what has come before it.
 */
export type JoinRead = "first" | "live";

/** What is joined where several references have one key: the `latest` of them, or `each`, with an output for each. */
export type JoinMatches = "latest" | "each";

/** What a join does, whatever it joins. */
export interface JoinSettings<Kind extends JoinKind> {
  /** `inner` unless told otherwise. */
  readonly kind?: Kind;
  /** `first` unless told otherwise. */
  readonly read?: JoinRead;
  /** `latest` unless told otherwise. With several references, `each` gives an output for each combination. */
  readonly matches?: JoinMatches;
  /**
   * How many reference records are kept, those of all references together: 1,000,000 unless told otherwise. A record beyond it
   * fails the stage. Where the latest wins, the ones before it are not kept.
   */
  readonly maxReferences?: number;
}

/** What a record of the stream meets: a left join may meet nothing. */
export type Match<Reference, Kind extends JoinKind> = Kind extends "left" ? Reference | undefined : Reference;

/** A pure function of a record of the stream and what it meets. */
export type Combine<Input, Met, Output> = ((input: Input, met: Met, context: HandlerContext) => Output) &
  Synchronous<Output>;

/** A join with one reference. */
export interface JoinSpec<
  Input,
  Reference,
  Key extends JoinKey,
  Kind extends JoinKind,
  Output,
> extends JoinSettings<Kind> {
  /** The key of a reference record. */
  readonly key: (reference: Reference) => Key;
  /** The key by which a record of the stream is looked up. */
  readonly on: (input: Input) => Key;
  readonly combine: Combine<Input, Match<Reference, Kind>, Output>;
}

/** A join with several references. A miss of any of them is a miss. */
export interface JoinAllSpec<Input, References, Kind extends JoinKind, Output> extends JoinSettings<Kind> {
  readonly combine: Combine<Input, { readonly [Name in keyof References]: Match<References[Name], Kind> }, Output>;
}
