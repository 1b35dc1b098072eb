import type { Machine } from "@refold/fsm";

import type { EffectfulDefinition, PureDefinition } from "../definition/flow-definition.ts";
import {
  effectfulMachine,
  joinMachine,
  statefulMachine,
  transformMachine,
  type JoinEvent,
  type JoinState,
  type PureEvent,
  type ResourceAction,
  type StatefulEvent,
  type StatefulState,
  type TransformState,
} from "./stage-machine.ts";

/** What a stage with a pure program may come to, whichever kind it is. */
export type PureState = TransformState | StatefulState | JoinState;
export type PureStageEvent = PureEvent | StatefulEvent | JoinEvent;

/** The machine of a stage that runs a program. */
export function pureMachine(
  stage: PureDefinition | EffectfulDefinition,
): Machine<PureState, PureStageEvent, ResourceAction> {
  const { kind, name } = stage;
  switch (kind) {
    case "effectful":
      return erased(effectfulMachine(name));
    case "transform":
      return erased(transformMachine(name));
    case "stateful":
      return erased(statefulMachine(name));
    case "join":
      return erased(joinMachine(name, stage.hydrates));
  }
}

/** Each machine answers every state that it reaches itself, and a stage sends only events of its own kind. */
function erased(machine: unknown): Machine<PureState, PureStageEvent, ResourceAction> {
  return machine as Machine<PureState, PureStageEvent, ResourceAction>;
}
