import type { Machine } from "@refold/fsm";

import type { PureDefinition } from "../definition/flow-definition.ts";
import {
  joinMachine,
  statefulMachine,
  transformMachine,
  type JoinEvent,
  type JoinState,
  type PureEvent,
  type StatefulEvent,
  type StatefulState,
  type TransformState,
} from "./stage-machine.ts";

/** What a stage with a pure program may come to, whichever kind it is. */
export type PureState = TransformState | StatefulState | JoinState;
export type PureStageEvent = PureEvent | StatefulEvent | JoinEvent;

/** The machine of a pure stage. */
export function pureMachine({ kind, name, hydrates }: PureDefinition): Machine<PureState, PureStageEvent> {
  switch (kind) {
    case "transform":
      return erased(transformMachine(name));
    case "stateful":
      return erased(statefulMachine(name));
    case "join":
      return erased(joinMachine(name, hydrates));
  }
}

/** Each machine answers every state that it reaches itself, and a stage sends only events of its own kind. */
function erased(machine: unknown): Machine<PureState, PureStageEvent> {
  return machine as Machine<PureState, PureStageEvent>;
}
