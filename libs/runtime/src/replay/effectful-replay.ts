import {
  formatPlace,
  type Cause,
  type Clock,
  type DecodedFrame,
  type EffectSettledRecord,
  type EffectStartedRecord,
  type LaneId,
  type LaneSeq,
  type Span,
} from "@refold/core";

import type { EffectfulDefinition } from "../definition/flow-definition.ts";
import { InputHandling, type HandledInput } from "../effect/input-handling.ts";
import { RecordedEffects } from "../effect/recorded-effects.ts";
import { RecordedOutcomes } from "../effect/recorded-outcomes.ts";
import type { FoundDivergence } from "./divergence.ts";
import type { RecordedInputs } from "./recorded-inputs.ts";
import type { RecoveredCalls } from "./recovered-lane.ts";
import type { BeforeInput } from "./stage-replay.ts";

/** Runs the handler of an effectful stage on recorded inputs, ahead of the step that took them, with the recorded outcomes of its calls. */
export class EffectfulReplay implements RecoveredCalls {
  readonly outcomes: RecordedOutcomes;
  readonly handling: InputHandling;
  readonly #stage: string;
  readonly #inputs: RecordedInputs;
  readonly #nameOf: (lane: LaneId) => string;
  readonly #found: (divergence: FoundDivergence) => void;
  readonly #before: BeforeInput | undefined;

  constructor(options: {
    readonly definition: EffectfulDefinition;
    readonly rootRunId: string;
    readonly inputs: RecordedInputs;
    readonly clock: Clock;
    readonly nameOf: (lane: LaneId) => string;
    readonly found: (divergence: FoundDivergence) => void;
    /** Called before the handler takes an input. */
    readonly before?: BeforeInput | undefined;
  }) {
    const { definition, rootRunId, clock } = options;
    this.#stage = definition.name;
    this.#inputs = options.inputs;
    this.#nameOf = options.nameOf;
    this.#found = options.found;
    this.#before = options.before;
    this.outcomes = new RecordedOutcomes(clock);
    const place = { stage: definition.name, rootRunId, clock };
    this.handling = new InputHandling(definition.handling, new RecordedEffects(this.outcomes), place);
  }

  /** Notes the calls of a frame, and handles the inputs that it took. A promise only where there is something to wait for. */
  prepare(frame: DecodedFrame): Promise<void> | undefined {
    for (const [index, record] of frame.records.entries()) {
      if (record.kind !== "effect-started" && record.kind !== "effect-settled") continue;
      if (!namesOneInput(record.cause)) this.#forNoInput(record, frame);
      this.outcomes.note(record, formatPlace(this.#stage, (frame.firstSeq + index) as LaneSeq));
    }
    const [head] = frame.records;
    return head?.kind === "consumed" ? this.#handle(head.spans, frame) : undefined;
  }

  /** Notes the calls in a frame from before a snapshot whose inputs were not taken by then. */
  recall({ records, firstSeq }: DecodedFrame, unread: readonly Span[]): void {
    for (const [index, record] of records.entries()) {
      if (record.kind !== "effect-started" && record.kind !== "effect-settled") continue;
      const [input] = typeof record.cause === "object" ? record.cause : [];
      const isUnread = ({ lane, first, last }: Span): boolean =>
        lane === input?.lane && first <= input.first && input.first <= last;
      if (unread.some(isUnread)) this.outcomes.note(record, formatPlace(this.#stage, (firstSeq + index) as LaneSeq));
    }
  }

  /** What calls a handler made before and does not make now, besides what was computed of them. */
  async #handle(spans: readonly Span[], frame: DecodedFrame): Promise<void> {
    for (const span of spans) {
      for (const input of this.#inputs.peek(span)) {
        this.#before?.(input.payload, input.lane, input.seq);
        await this.handling.handle(input);
        for (const effect of this.outcomes.forget(input.lane, input.seq)) this.#notMade(effect, input, frame);
      }
    }
  }

  #forNoInput({ effect, cause }: EffectStartedRecord | EffectSettledRecord, { lsn, firstSeq }: DecodedFrame): void {
    this.#found({
      place: formatPlace(this.#stage, firstSeq),
      lsn,
      kind: "changed",
      causes: [],
      recorded: { effect, cause },
      recomputed: "a call for one input",
      differences: [],
    });
  }

  #notMade(effect: string, { lane, seq }: HandledInput, { lsn, firstSeq }: DecodedFrame): void {
    const input = formatPlace(this.#nameOf(lane), seq);
    this.#found({
      place: formatPlace(this.#stage, firstSeq),
      lsn,
      kind: "missing",
      causes: [input],
      recorded: `a call of "${effect}" for input ${input}`,
      recomputed: undefined,
      differences: [],
    });
  }
}

function namesOneInput(cause: Cause): boolean {
  if (typeof cause !== "object" || cause.length !== 1) return false;
  const [span] = cause;
  return span?.first === span?.last;
}
