import type { EndKind, LaneId, LaneSeq, Span } from "@refold/core";

import type { InputDefinition } from "../definition/flow-definition.ts";
import { describeValue } from "../replay/describe-value.ts";
import type { HandlerContext } from "../step/handler-context.ts";
import { JoinMissed } from "../step/join-missed.ts";
import { mustNotAwait } from "../step/must-not-await.ts";
import type { ProgramContext, Outputs, StageProgram } from "../step/stage-program.ts";
import { TracedOutput } from "../step/traced-output.ts";
import type { JoinKey, JoinKind, JoinMatches, JoinRead } from "./join.ts";
import { StateLimitReached } from "./state-limit.ts";

/** A join as its program takes it. The types of the flow hold what the functions are given. */
export interface Join {
  readonly kind: JoinKind;
  readonly read: JoinRead;
  readonly matches: JoinMatches;
  readonly maxReferences: number;
  readonly references: readonly JoinedReference[];
  /** Gets what each reference holds, in their order. */
  readonly combine: (input: unknown, met: readonly unknown[], context: HandlerContext) => unknown;
}

export interface JoinedReference {
  /** As faults speak of it, where there are several. */
  readonly name: string | undefined;
  /** Which of the stage's references it is read from. Several may be read from one. */
  readonly input: number;
  readonly key: (reference: unknown) => JoinKey;
  readonly on: (input: unknown) => JoinKey;
}

/** A reference record with its place. */
interface Held {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  readonly payload: unknown;
}

/** What a join keeps: of each reference, the records of each key, in the order in which they came. */
interface Kept {
  readonly tables: readonly Map<JoinKey, Held[]>[];
  /** How many records that is. */
  count: number;
  /** Whether a reference that was to be read to its end was cut short. */
  cutShort: boolean;
}

/** The program of a join. The inputs are those of its stage, by the lanes that they have in the run. */
export function joinProgram(join: Join, inputs: readonly InputDefinition[]): StageProgram {
  return new JoinProgram(join, inputs);
}

class JoinProgram implements StageProgram {
  readonly #join: Join;
  /** Which reference an upstream lane is; the stream has none. */
  readonly #referenceOf: ReadonlyMap<LaneId, number>;
  #kept: Kept;

  constructor(join: Join, inputs: readonly InputDefinition[]) {
    this.#join = join;
    this.#referenceOf = new Map(
      inputs.flatMap(({ from, reference }) => (reference === undefined ? [] : [[from, reference]])),
    );
    this.#kept = { tables: join.references.map(() => new Map()), count: 0, cutShort: false };
  }

  accept(payload: unknown, context: ProgramContext): Iterator<unknown> | undefined {
    const reference = this.#referenceOf.get(context.lane);
    if (reference !== undefined) {
      this.#keep(reference, { lane: context.lane, seq: context.seq, payload });
      return undefined;
    }
    // What the references would have come to is not known, so neither are a match and a miss.
    if (this.#kept.cutShort) return undefined;
    const found = this.#lookUp(payload);
    return found === undefined ? undefined : this.#joined(payload, found, context);
  }

  passesBy(lane: LaneId): boolean {
    return this.#kept.cutShort && !this.#referenceOf.has(lane);
  }

  takeOver(): void {
    this.#kept.cutShort = false;
  }

  ended(lane: LaneId, _: Outputs, end: EndKind): undefined {
    if (end !== "natural" && this.#join.read === "first" && this.#referenceOf.has(lane)) this.#kept.cutShort = true;
  }

  finish(): Iterable<unknown> {
    return [];
  }

  snapshot(): unknown {
    return this.#kept;
  }

  restore(state: unknown): void {
    // What `snapshot` gave.
    this.#kept = state as Kept;
  }

  #keep(input: number, held: Held): void {
    const { references, matches, maxReferences } = this.#join;
    for (const [index, reference] of references.entries()) {
      if (reference.input !== input) continue;
      const table = this.#kept.tables[index] as Map<JoinKey, Held[]>;
      const key = checkedKey(reference.key(held.payload), "key");
      const known = table.get(key);
      if (known !== undefined && matches === "latest") {
        known[0] = held;
        continue;
      }
      if (this.#kept.count >= maxReferences) throw new StateLimitReached("reference records", maxReferences);
      this.#kept.count++;
      if (known === undefined) table.set(key, [held]);
      else known.push(held);
    }
  }

  /** What each reference has for a record of the stream; `undefined` for a record that is dropped. */
  #lookUp(payload: unknown): readonly (readonly (Held | undefined)[])[] | undefined {
    const { references, kind } = this.#join;
    const found: (readonly (Held | undefined)[])[] = [];
    for (const [index, { name, on }] of references.entries()) {
      const key = checkedKey(on(payload), "on");
      const held = this.#kept.tables[index]?.get(key);
      if (held !== undefined) found.push(held);
      else if (kind === "left") found.push(NONE);
      else if (kind === "inner") return undefined;
      else throw new JoinMissed(describeValue(key), name);
    }
    return found;
  }

  #joined(
    payload: unknown,
    found: readonly (readonly (Held | undefined)[])[],
    context: ProgramContext,
  ): Iterator<TracedOutput> {
    // Where each reference has one record, as it mostly has, there is nothing to go through.
    if (found.every(({ length }) => length === 1)) {
      const met = found.map(([held]) => held);
      return [this.#output(payload, met, context)].values();
    }
    return this.#outputs(payload, found, context);
  }

  *#outputs(
    payload: unknown,
    found: readonly (readonly (Held | undefined)[])[],
    context: ProgramContext,
  ): Generator<TracedOutput> {
    for (const met of combinations(found)) yield this.#output(payload, met, context);
  }

  #output(payload: unknown, met: readonly (Held | undefined)[], context: ProgramContext): TracedOutput {
    const output = this.#join.combine(
      payload,
      met.map((held) => held?.payload),
      context,
    );
    mustNotAwait(output);
    return TracedOutput.joined(output, causesOf(met, context));
  }
}

const NONE: readonly undefined[] = [undefined];

/** One of each list, in every combination, the last list changing fastest. */
function* combinations<T>(lists: readonly (readonly T[])[], from: number = 0): Generator<readonly T[]> {
  const list = lists[from];
  if (list === undefined) yield [];
  else for (const first of list) for (const rest of combinations(lists, from + 1)) yield [first, ...rest];
}

/** Each record that led to an output, by lane and seq, once. They are few, and put in their places as they come. */
function causesOf(met: readonly (Held | undefined)[], { lane, seq }: ProgramContext): readonly Span[] {
  const causes: Span[] = [{ lane, first: seq, last: seq }];
  for (const held of met)
    if (held !== undefined) addCause(causes, { lane: held.lane, first: held.seq, last: held.seq });
  return causes;
}

function addCause(causes: Span[], cause: Span): void {
  let at = causes.length;
  for (; at > 0; at--) {
    const before = causes[at - 1] as Span;
    const apart = before.lane - cause.lane || before.first - cause.first;
    if (apart === 0) return;
    if (apart < 0) break;
  }
  causes.splice(at, 0, cause);
}

/** JavaScript may give anything. An object equals itself alone, and a payload that is read again is another one. */
function checkedKey(key: unknown, what: string): JoinKey {
  mustNotAwait(key);
  if (key === null || (typeof key !== "object" && typeof key !== "function" && typeof key !== "symbol")) {
    return key as JoinKey;
  }
  throw new TypeError(`\`${what}\` gave ${describeValue(key)}, which is no key: give a text, a number or a boolean`);
}
