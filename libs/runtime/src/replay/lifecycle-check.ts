import type { TransitionRecord } from "@refold/core";
import type { Kinded, Machine } from "@refold/fsm";

import type { StageDefinition } from "../definition/flow-definition.ts";
import { pipelineMachine } from "../pipeline/pipeline-machine.ts";
import { sinkMachine, sourceMachine, statefulMachine, transformMachine } from "../stage/stage-machine.ts";

/** Folds the transitions of one machine, and tells where the record is not what the machine does. */
export class LifecycleCheck {
  readonly #machine: Machine<Kinded, Kinded, unknown>;
  #state: Kinded;

  constructor(machine: Machine<Kinded, Kinded, unknown>) {
    this.#machine = machine;
    this.#state = machine.initial;
  }

  /** The state after the transition by the machine's own account, or `undefined` if it is the recorded one. */
  take(record: TransitionRecord): string | undefined {
    const from = this.#state.kind;
    const step = this.#machine.transition(this.#state, record.event);
    if (step.isErr()) return `no transition from ${from} on ${record.event.kind}`;
    this.#state = step.value.state;
    if (from === record.from && this.#state.kind === record.to && record.machine === this.#machine.name)
      return undefined;
    return `${this.#machine.name}: ${from} → ${this.#state.kind}`;
  }
}

/** The check for the machine of a lane; without a stage, of the pipeline. */
export function lifecycleOf(stage: StageDefinition | undefined): LifecycleCheck {
  return new LifecycleCheck(machineOf(stage));
}

function machineOf(stage: StageDefinition | undefined): Machine<Kinded, Kinded, unknown> {
  // An event on record is only `Kinded` to a reader; the machine answers what it does not know with a fault.
  const erase = (machine: unknown): Machine<Kinded, Kinded, unknown> => machine as Machine<Kinded, Kinded, unknown>;
  switch (stage?.kind) {
    case undefined:
      return erase(pipelineMachine());
    case "source":
      return erase(sourceMachine(stage.name));
    case "transform":
      return erase(transformMachine(stage.name));
    case "stateful":
      return erase(statefulMachine(stage.name));
    case "sink":
      return erase(sinkMachine(stage.name));
  }
}
