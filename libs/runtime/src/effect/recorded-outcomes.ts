import type { Cause, Clock, EffectSettledRecord, EffectStartedRecord, LaneId, LaneSeq } from "@refold/core";

import { differences } from "../replay/differences.ts";
import type { EffectRequest } from "./effect-performer.ts";
import type { SettledOutcome } from "./effect-outcome.ts";

/** What the record has of a call: its outcome; that it was begun; or nothing. */
export type RecordedCall =
  | { readonly kind: "settled"; readonly outcome: SettledOutcome }
  | { readonly kind: "in-doubt"; readonly key: string }
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
}

/** The calls for one input. */
interface InputCalls {
  readonly byOrdinal: Map<number, Call>;
  /** Ordinals in the order in which their outcomes came, and how many of these were given out. */
  readonly order: number[];
  given: number;
  /** Called when the outcome before was given out. */
  readonly waiting: Map<number, () => void>;
}

/** The calls on record whose inputs no step has taken yet: as many as were in hand. Looking one up takes the same time however many there were. */
export class RecordedOutcomes {
  readonly #clock: Clock;
  readonly #inputs: Map<string, InputCalls> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(record: EffectStartedRecord | EffectSettledRecord): void {
    const calls = this.#callsOf(record.cause);
    const call = calls.byOrdinal.get(record.ordinal) ?? { started: undefined, settled: undefined };
    calls.byOrdinal.set(record.ordinal, call);
    if (record.kind === "effect-started") call.started = record;
    else {
      call.settled = record;
      calls.order.push(record.ordinal);
    }
  }

  /**
   * What is on record of a call. Outcomes for one input are given out in the order in which they came, so that a handler that
   * waits for several at once asks for the same further calls. Throws {@link CallDiverged} for another call than the recorded.
   */
  async take(request: EffectRequest): Promise<RecordedCall> {
    const calls = this.#inputs.get(placeId(request.lane, request.seq));
    const call = calls?.byOrdinal.get(request.ordinal);
    if (calls === undefined || call === undefined) return { kind: "unknown" };
    hold(call, request);
    if (call.settled === undefined) return { kind: "in-doubt", key: call.started?.key ?? "" };
    await this.#turnOf(request.ordinal, calls);
    calls.byOrdinal.delete(request.ordinal);
    return { kind: "settled", outcome: call.settled };
  }

  /** The calls for an input that nobody has asked for, by name. From now on nothing is known of the input. */
  forget(lane: LaneId, seq: LaneSeq): readonly string[] {
    const id = placeId(lane, seq);
    const calls = this.#inputs.get(id);
    this.#inputs.delete(id);
    return [...(calls?.byOrdinal.values() ?? [])].map(({ started, settled }) => (started ?? settled)?.effect ?? "");
  }

  /** How many calls were begun and have no outcome. */
  get inDoubt(): number {
    let count = 0;
    for (const { byOrdinal } of this.#inputs.values()) {
      for (const { settled } of byOrdinal.values()) if (settled === undefined) count++;
    }
    return count;
  }

  async #turnOf(ordinal: number, calls: InputCalls): Promise<void> {
    if (calls.order[calls.given] !== ordinal) {
      await new Promise<void>((resolve) => calls.waiting.set(ordinal, resolve));
      // What came before is first to ask for further calls.
      await this.#clock.turn();
    }
    calls.given++;
    const next = calls.order[calls.given];
    if (next !== undefined) calls.waiting.get(next)?.();
  }

  #callsOf(cause: Cause): InputCalls {
    const [span] = typeof cause === "object" ? cause : [];
    const id = span === undefined ? "" : placeId(span.lane, span.first);
    const known = this.#inputs.get(id);
    if (known !== undefined) return known;
    const calls: InputCalls = { byOrdinal: new Map(), order: [], given: 0, waiting: new Map() };
    this.#inputs.set(id, calls);
    return calls;
  }
}

function placeId(lane: LaneId, seq: LaneSeq): string {
  return `${lane}:${seq}`;
}

/** Throws where a call is not the one on record. */
function hold({ started, settled }: Call, { name, version, input, ordinal }: EffectRequest): void {
  const recorded = started?.effect ?? settled?.effect;
  if (recorded !== name)
    throw new CallDiverged(`call ${ordinal} is of "${name}", but on record it is of "${recorded}"`);
  if (started === undefined) return;
  if (started.version !== version) {
    throw new CallDiverged(
      `"${name}" is called in version ${version}, but on record it is of version ${started.version}`,
    );
  }
  const [first] = differences(started.input, input);
  if (first === undefined) return;
  const { path, recorded: then, recomputed: now } = first;
  throw new CallDiverged(`"${name}" is called with another input: ${path} is ${now}, but on record it is ${then}`);
}
