import type { LaneId } from "@refold/core";
import type { Kinded } from "@refold/fsm";

import type { InputHandling } from "../effect/input-handling.ts";
import type { RecordedOutcomes } from "../effect/recorded-outcomes.ts";
import type { RecoveredProgram } from "../stage/pure-stage.ts";
import type { RecoveredDelivery } from "../stage/sink-stage.ts";
import type { WrittenLane } from "../supervision/lane-writer.ts";
import type { InputRest } from "./recorded-inputs.ts";

export interface RecoveredCalls {
  readonly handling: InputHandling;
  readonly outcomes: RecordedOutcomes;
}

/** What the record of a lane amounts to, for a process that goes on with the stage. */
export interface RecoveredLane extends WrittenLane {
  /** How many inputs the stage took; of a source, its items. */
  readonly taken: number;
  /** Whether it has come to its natural end, and is not taken up again. */
  readonly isDone: boolean;
  /** The state that its machine ended in. */
  readonly state: Kinded | undefined;
  /** What waits to be taken, by upstream lane. */
  readonly inputs: ReadonlyMap<LaneId, InputRest>;
  /** Of a sink: what became of its inputs. */
  readonly delivery: RecoveredDelivery | undefined;
  /** Of a pure stage: its program with its state, and what was computed and is not on record yet. */
  readonly program: RecoveredProgram | undefined;
  /** Of an effectful stage: its handler with its state, and what is on record of inputs that were in hand. */
  readonly calls: RecoveredCalls | undefined;
}
