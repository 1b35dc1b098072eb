import { formatPlace, type Clock, type LaneSeq, type Span, type DecodedFrame } from "@refold/core";

import type { EffectfulDefinition } from "../definition/flow-definition.ts";
import { InputHandling } from "../effect/input-handling.ts";
import { RecordedEffects } from "../effect/recorded-effects.ts";
import { RecordedOutcomes } from "../effect/recorded-outcomes.ts";
import type { FoundDivergence } from "./output-comparison.ts";
import type { RecordedInputs } from "./recorded-inputs.ts";
import type { RecoveredCalls } from "./recovered-lane.ts";
import type { BeforeInput } from "./stage-replay.ts";

/** Runs the handler of an effectful stage on recorded inputs, ahead of the step that took them, with the recorded outcomes of its calls. */
export class EffectfulReplay implements RecoveredCalls {
  readonly outcomes: RecordedOutcomes;
  readonly handling: InputHandling;
  readonly #stage: string;
  readonly #inputs: RecordedInputs;
  readonly #found: (divergence: FoundDivergence) => void;
  readonly #before: BeforeInput | undefined;

  constructor(options: {
    readonly definition: EffectfulDefinition;
    readonly rootRunId: string;
    readonly inputs: RecordedInputs;
    readonly clock: Clock;
    readonly found: (divergence: FoundDivergence) => void;
    /** Called before the handler takes an input. */
    readonly before?: BeforeInput | undefined;
  }) {
    const { definition, rootRunId, clock } = options;
    this.#stage = definition.name;
    this.#inputs = options.inputs;
    this.#found = options.found;
    this.#before = options.before;
    this.outcomes = new RecordedOutcomes(clock);
    const place = { stage: definition.name, rootRunId, clock };
    this.handling = new InputHandling(definition.handling, new RecordedEffects(this.outcomes), place);
  }

  /** Notes the calls of a frame, and handles the inputs that it took. A promise only where there is something to wait for. */
  prepare(frame: DecodedFrame): Promise<void> | undefined {
    for (const record of frame.records) {
      if (record.kind === "effect-started" || record.kind === "effect-settled") this.outcomes.note(record);
    }
    const [head] = frame.records;
    return head?.kind === "consumed" ? this.#handle(head.spans, frame) : undefined;
  }

  /** What calls a handler made before and does not make now, besides what was computed of them. */
  async #handle(spans: readonly Span[], frame: DecodedFrame): Promise<void> {
    for (const span of spans) {
      for (const input of this.#inputs.peek(span)) {
        this.#before?.(input.payload, input.lane, input.seq);
        await this.handling.handle(input);
        for (const effect of this.outcomes.forget(input.lane, input.seq)) this.#notMade(effect, input.seq, frame);
      }
    }
  }

  #notMade(effect: string, input: LaneSeq, { lsn, firstSeq }: DecodedFrame): void {
    this.#found({
      place: formatPlace(this.#stage, firstSeq),
      lsn,
      kind: "missing",
      causes: [],
      recorded: `a call of "${effect}" for input ${input}`,
      recomputed: undefined,
      differences: [],
    });
  }
}
