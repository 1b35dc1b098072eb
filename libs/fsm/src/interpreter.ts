import { err, ok, type Result } from "neverthrow";

import type { InterpreterFault } from "./interpreter-fault.ts";
import type { Kinded } from "./kinded.ts";
import type { Machine } from "./machine.ts";

/** The clock of an interpreter. `schedule` has `run` called once, `afterMs` from now, unless the function returned is called. */
export interface TimeoutClock {
  schedule(afterMs: number, run: () => void): () => void;
}

export interface InterpreterOptions<S extends Kinded, E extends Kinded, A> {
  readonly clock: TimeoutClock;
  /** Performs an action, synchronously. What takes longer is begun here and reports back by `send`. */
  readonly perform: (action: A) => void;
  /** Hears of the faults that no caller of `send` is told: of queued events, of timeouts, of watchers. It must not throw. */
  readonly onFault: (fault: InterpreterFault<S, E, A>) => void;
  /** The state to go on from; the machine's initial state if there is none. */
  readonly from?: S;
  /** How many events may be queued while one event, and all that follow from it, are being taken: 1,000 unless set. */
  readonly queueLimit?: number;
}

/** A machine at work: it owns the current state, performs the actions and keeps the timeout. */
export interface Interpreter<S extends Kinded, E extends Kinded, A = never> {
  readonly state: S;

  /**
   * Takes an event: the state changes, watchers are shown it, then the actions are performed. An event sent meanwhile, from
   * an action or a watcher, is queued and taken next. Returns the state when all of that is done; for a queued event, the
   * state as it is.
   */
  send(event: E): Result<S, InterpreterFault<S, E, A>>;

  /** Shows every later state to the watcher, when and only when it differs. The function returned ends this. */
  watch(watcher: (state: S) => void): () => void;

  /** Ends it: no timeout fires, nothing queued is taken, and `send` answers with a fault. */
  stop(): void;
}

/** Sets a machine to work. The timeout of the state it begins in begins now; hooks and actions wait for the first event. */
export function interpreter<S extends Kinded, E extends Kinded, A>(
  machine: Machine<S, E, A>,
  options: InterpreterOptions<S, E, A>,
): Interpreter<S, E, A> {
  return new MachineInterpreter(machine, options);
}

interface Queued<E> {
  readonly event: E;
  /** Set for the event of a timeout: the stay in a state that it belongs to. */
  readonly visit: number | undefined;
}

class MachineInterpreter<S extends Kinded, E extends Kinded, A> implements Interpreter<S, E, A> {
  readonly #machine: Machine<S, E, A>;
  readonly #options: InterpreterOptions<S, E, A>;
  readonly #watchers = new Set<{ readonly show: (state: S) => void }>();
  #state: S;
  #queue: Queued<E>[] = [];
  #queuedInAll = 0;
  #phase: "idle" | "busy" | "stopped" = "busy";
  /** Counts the stays in states, so that a timeout that comes too late is known for what it is. */
  #visit = 0;
  #disarm: (() => void) | undefined;

  constructor(machine: Machine<S, E, A>, options: InterpreterOptions<S, E, A>) {
    this.#machine = machine;
    this.#options = options;
    this.#state = options.from ?? machine.initial;
    this.#arm();
    this.#drain();
  }

  get state(): S {
    return this.#state;
  }

  send(event: E): Result<S, InterpreterFault<S, E, A>> {
    if (this.#phase === "stopped") return err({ kind: "stopped", ...this.#at(event) });
    if (this.#phase === "busy") return this.#enqueue({ event, visit: undefined });
    this.#phase = "busy";
    try {
      const taken = this.#take(event);
      this.#drain();
      return taken.map(() => this.#state);
    } finally {
      this.#rest();
    }
  }

  watch(watcher: (state: S) => void): () => void {
    const entry = { show: watcher };
    this.#watchers.add(entry);
    return () => void this.#watchers.delete(entry);
  }

  stop(): void {
    this.#phase = "stopped";
    this.#visit += 1;
    this.#disarm?.();
    this.#disarm = undefined;
    this.#queue = [];
  }

  #enqueue(queued: Queued<E>): Result<S, InterpreterFault<S, E, A>> {
    const limit = this.#options.queueLimit ?? 1_000;
    if (this.#queuedInAll >= limit) return err({ kind: "queue-limit", limit, ...this.#at(queued.event) });
    this.#queuedInAll += 1;
    this.#queue.push(queued);
    return ok(this.#state);
  }

  /** Takes what is queued, and what is queued meanwhile. */
  #drain(): void {
    // An array hands out what is pushed while it is being walked.
    for (const { event, visit } of this.#queue) {
      if (this.#phase === "stopped") break;
      if (visit === undefined || visit === this.#visit) this.#tell(this.#take(event));
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#phase === "busy") this.#phase = "idle";
    this.#queue = [];
    this.#queuedInAll = 0;
  }

  #take(event: E): Result<void, InterpreterFault<S, E, A>> {
    const at = this.#at(event);
    const step = this.#machine.transition(this.#state, event);
    if (step.isErr()) return err(step.error);
    const { kind, state, actions } = step.value;
    this.#state = state;
    if (kind === "moved") this.#arm();
    if (!alike(at.state, state)) this.#show(event);
    for (const action of actions) {
      try {
        this.#options.perform(action);
      } catch (cause) {
        return err({ kind: "action-threw", action, cause, ...this.#at(event) });
      }
    }
    return ok();
  }

  #show(event: E): void {
    const state = this.#state;
    for (const watcher of [...this.#watchers]) {
      try {
        if (this.#watchers.has(watcher)) watcher.show(state);
      } catch (cause) {
        this.#options.onFault({ kind: "watcher-threw", cause, ...this.#at(event) });
      }
    }
  }

  #arm(): void {
    this.#visit += 1;
    this.#disarm?.();
    const timeout = this.#machine.timeout(this.#state);
    const visit = this.#visit;
    this.#disarm = timeout && this.#options.clock.schedule(timeout.afterMs, () => this.#expire(timeout.event, visit));
  }

  #expire(event: E, visit: number): void {
    if (visit !== this.#visit || this.#phase === "stopped") return;
    this.#tell(this.#phase === "busy" ? this.#enqueue({ event, visit }) : this.send(event));
  }

  #tell(result: Result<unknown, InterpreterFault<S, E, A>>): void {
    if (result.isErr()) this.#options.onFault(result.error);
  }

  #at(event: E): { readonly machine: string; readonly state: S; readonly event: E } {
    return { machine: this.#machine.name, state: this.#state, event };
  }
}

/** True if two states have the same fields with the same values, objects compared by identity. */
function alike(one: Kinded, other: Kinded): boolean {
  if (one === other) return true;
  const entries = Object.entries(one);
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([key, value]) => Object.hasOwn(other, key) && Object.is(value, Reflect.get(other, key)))
  );
}
