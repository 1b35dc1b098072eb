import type { Cause, Clock, EffectSettledRecord, EffectStartedRecord, LaneId, LaneSeq } from "@refold/core";

import { differences } from "../replay/differences.ts";
import type { EffectRequest } from "./effect-performer.ts";
import type { SettledOutcome } from "./effect-outcome.ts";

/** What the record has of a call: its outcome; that it was begun; or nothing. */
export type RecordedCall =
  | { readonly kind: "settled"; readonly outcome: SettledOutcome }
  | { readonly kind: "in-doubt"; readonly key: string; readonly attempts: number; readonly place: string }
  | { readonly kind: "unknown" };

/** A handler asks for another call than the one on record. */
export class CallDiverged extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CallDiverged";
  }
}

interface Call {
  started: EffectStartedRecord | undefined;
  settled: EffectSettledRecord | undefined;
  /** Where the first of them stands. */
  readonly place: string;
  /** Whether it is not to count what came of it. */
  isForgotten: boolean;
}

/** The calls for one input that the handler has not asked for yet. */
interface InputCalls {
  readonly byOrdinal: Map<number, Call>;
  /** The outcomes that were not given out yet, in the order in which they came. */
  readonly order: { readonly ordinal: number; readonly after: number }[];
  /** One more than the highest ordinal on record, and than the highest that was asked for. */
  known: number;
  asked: number;
}

/**
 * The calls on record whose inputs no step has taken yet: as many as were in hand. Looking one up takes the same time however
 * many there were.
 */
export class RecordedOutcomes {
  readonly #clock: Clock;
  readonly #inputs: Map<string, InputCalls> = new Map();
  /** How many calls nobody has asked for yet, and how often something was asked for or given out. */
  #unasked = 0;
  #moves = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in what is on record of a call, and where. */
  note(record: EffectStartedRecord | EffectSettledRecord, place: string): void {
    const calls = this.#callsOf(record.cause);
    const { ordinal } = record;
    let call = calls.byOrdinal.get(ordinal);
    if (call === undefined) {
      call = { started: undefined, settled: undefined, isForgotten: false, place };
      calls.byOrdinal.set(ordinal, call);
      calls.known = Math.max(calls.known, ordinal + 1);
      this.#unasked++;
    }
    // What is begun, or made, anew voids what came of it before.
    const before = calls.order.findIndex((settled) => settled.ordinal === ordinal);
    if (before >= 0) calls.order.splice(before, 1);
    if (record.kind === "effect-started") {
      call.started = record;
      call.settled = undefined;
    } else {
      call.settled = record;
      calls.order.push({ ordinal, after: calls.known });
    }
  }

  /**
   * What is on record of a call. Outcomes for one input are given out in the order in which they came, each when the handler has
   * asked for all that it asked for before, so that one that waits for several at once asks for the same further calls. Throws
   * {@link CallDiverged} for another call than the recorded.
   */
  async take(request: EffectRequest): Promise<RecordedCall> {
    const { ordinal, lane, seq } = request;
    const calls = this.#inputs.get(placeId(lane, seq));
    if (calls === undefined) return { kind: "unknown" };
    calls.asked = Math.max(calls.asked, ordinal + 1);
    this.#moves++;
    const call = calls.byOrdinal.get(ordinal);
    if (call === undefined) return { kind: "unknown" };
    calls.byOrdinal.delete(ordinal);
    this.#unasked--;
    hold(call, request);
    if (call.settled === undefined || call.isForgotten) {
      const { key = "", attempt = 1 } = call.started ?? {};
      return { kind: "in-doubt", key, attempts: attempt, place: call.place };
    }
    await this.#whileMoving(() => {
      const [next] = calls.order;
      return next === undefined || (next.ordinal === ordinal && calls.asked >= next.after);
    });
    await request.turns.take();
    calls.order.splice(
      calls.order.findIndex((settled) => settled.ordinal === ordinal),
      1,
    );
    this.#moves++;
    return { kind: "settled", outcome: call.settled };
  }

  /** The calls for an input by themselves, where all are settled and one has failed. */
  settledWithFailures(lane: LaneId, seq: LaneSeq): RecordedOutcomes | undefined {
    const id = placeId(lane, seq);
    const calls = this.#inputs.get(id);
    if (calls === undefined) return undefined;
    const settled = [...calls.byOrdinal.values()].map((call) => call.settled?.outcome);
    if (!settled.includes("failed") || settled.includes(undefined)) return undefined;
    const copy = new RecordedOutcomes(this.#clock);
    copy.#inputs.set(id, { ...calls, byOrdinal: new Map(calls.byOrdinal), order: [...calls.order] });
    copy.#unasked = calls.byOrdinal.size;
    return copy;
  }

  /** From now on what became of these calls for an input is not known: they were begun, and that is all. */
  forgetFailures(lane: LaneId, seq: LaneSeq, ordinals: readonly number[]): void {
    const calls = this.#inputs.get(placeId(lane, seq));
    if (calls === undefined) return;
    for (const ordinal of ordinals) {
      const call = calls.byOrdinal.get(ordinal);
      if (call === undefined) continue;
      calls.byOrdinal.set(ordinal, { ...call, isForgotten: true });
      calls.order.splice(
        calls.order.findIndex((settled) => settled.ordinal === ordinal),
        1,
      );
    }
  }

  /** Resolves when every call on record was asked for that handlers ask for without waiting for anything else. */
  async whenAsked(): Promise<void> {
    if (this.#unasked > 0) await this.#whileMoving(() => this.#unasked === 0);
  }

  /** The calls for an input that nobody has asked for, by name. From now on nothing is known of the input. */
  forget(lane: LaneId, seq: LaneSeq): readonly string[] {
    const id = placeId(lane, seq);
    const calls = this.#inputs.get(id);
    if (calls === undefined) return [];
    this.#inputs.delete(id);
    this.#unasked -= calls.byOrdinal.size;
    this.#moves++;
    return [...calls.byOrdinal.values()].map(({ started, settled }) => (started ?? settled)?.effect ?? "");
  }

  /**
   * Waits for something that follows from what handlers ask for. Code that differs may never ask for it: so not for ever, and
   * what is then given out too early is still held against the record.
   */
  async #whileMoving(holds: () => boolean): Promise<void> {
    let moves = this.#moves;
    for (let still = 0; !holds() && still < MOST_STILL_TURNS; still++) {
      await this.#clock.turn();
      if (moves !== this.#moves) still = 0;
      moves = this.#moves;
    }
  }

  #callsOf(cause: Cause): InputCalls {
    const [span] = typeof cause === "object" ? cause : [];
    const id = span === undefined ? "" : placeId(span.lane, span.first);
    const known = this.#inputs.get(id);
    if (known !== undefined) return known;
    const calls: InputCalls = { byOrdinal: new Map(), order: [], known: 0, asked: 0 };
    this.#inputs.set(id, calls);
    return calls;
  }
}

/** How many turns of the event loop to wait for handlers that ask for nothing. */
const MOST_STILL_TURNS = 1_000;

function placeId(lane: LaneId, seq: LaneSeq): string {
  return `${lane}:${seq}`;
}

/** Throws where a call is not the one on record, or the record makes no sense of it. */
function hold({ started, settled, place }: Call, { name, version, input, ordinal, make }: EffectRequest): void {
  const recorded = started?.effect ?? settled?.effect;
  if (recorded !== name)
    throw new CallDiverged(`call ${ordinal} is of "${name}", but on record it is of "${recorded}", at ${place}`);
  if (settled !== undefined && settled.effect !== name) {
    throw new CallDiverged(`the call of "${name}" at ${place} has on record an outcome of "${settled.effect}"`);
  }
  if (started === undefined) {
    // What is captured is no call: only its value is on record.
    if (make.kind === "capture") return;
    throw new CallDiverged(`"${name}" has an outcome on record, at ${place}, but not that it was called`);
  }
  if (started.version !== version) {
    throw new CallDiverged(
      `"${name}" is called in version ${version}, but on record it is of version ${started.version}, at ${place}`,
    );
  }
  const [first] = differences(started.input, input);
  if (first === undefined) return;
  const { path, recorded: then, recomputed: now } = first;
  throw new CallDiverged(
    `"${name}" is called with another input: ${path} is ${now}, but on record it is ${then}, at ${place}`,
  );
}
