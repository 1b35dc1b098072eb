import type { TransitionRecord } from "@refold/core";
import type { Kinded, Machine } from "@refold/fsm";

import type { StageDefinition } from "../definition/flow-definition.ts";
import { aggregatorMachine } from "../metrics/metrics-aggregator.ts";
import { pipelineMachine } from "../pipeline/pipeline-machine.ts";
import { pureMachine } from "../stage/pure-machine.ts";
import { observerMachine, sinkMachine, sourceMachine } from "../stage/stage-machine.ts";

/** Folds the transitions of the machines of one lane, and tells where the record is not what the machine does. */
export class LifecycleCheck {
  readonly #machines: ReadonlyMap<string, Machine<Kinded, Kinded, unknown>>;
  readonly #states: Map<string, Kinded>;

  constructor(machines: readonly Machine<Kinded, Kinded, unknown>[]) {
    this.#machines = new Map(machines.map((machine) => [machine.name, machine]));
    this.#states = new Map(machines.map(({ name, initial }) => [name, initial]));
  }

  /** Where a machine stands by its own account. */
  stateOf(machine: string): Kinded | undefined {
    return this.#states.get(machine);
  }

  /** The machines stand where a snapshot says. */
  restore(states: ReadonlyMap<string, Kinded>): void {
    for (const [machine, state] of states) this.#states.set(machine, state);
  }

  /** The machines begin anew: another process drives them from here. */
  takeOver(): void {
    for (const { name, initial } of this.#machines.values()) this.#states.set(name, initial);
  }

  /** The state after the transition by the machine's own account, or `undefined` if it is the recorded one. */
  take(record: TransitionRecord): string | undefined {
    const machine = this.#machines.get(record.machine);
    const state = this.#states.get(record.machine);
    if (machine === undefined || state === undefined) return `no machine "${record.machine}" in this lane`;
    const step = machine.transition(state, record.event);
    if (step.isErr()) return `no transition from ${state.kind} on ${record.event.kind}`;
    const { state: next } = step.value;
    this.#states.set(record.machine, next);
    if (state.kind === record.from && next.kind === record.to) return undefined;
    return `${machine.name}: ${state.kind} → ${next.kind}`;
  }
}

/** The check for the machine of a stage's lane; without a stage, for those of the system's. */
export function lifecycleOf(stage: StageDefinition | undefined): LifecycleCheck {
  return new LifecycleCheck(machinesOf(stage));
}

function machinesOf(stage: StageDefinition | undefined): readonly Machine<Kinded, Kinded, unknown>[] {
  // An event on record is only `Kinded` to a reader; the machine answers what it does not know with a fault.
  const erase = (machine: unknown): Machine<Kinded, Kinded, unknown> => machine as Machine<Kinded, Kinded, unknown>;
  switch (stage?.kind) {
    case undefined:
      return [erase(pipelineMachine()), erase(aggregatorMachine())];
    case "source":
      return [erase(sourceMachine(stage.name, stage.extent))];
    case "transform":
    case "stateful":
    case "join":
    case "effectful":
      return [erase(pureMachine(stage))];
    case "sink":
      return [erase(sinkMachine(stage.name))];
    case "observer":
      return [erase(observerMachine(stage.name))];
  }
}
