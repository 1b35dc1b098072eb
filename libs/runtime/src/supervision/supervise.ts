import type { AppendFault, Clock } from "@refold/core";
import type { Kinded, Machine } from "@refold/fsm";

import type { Channel } from "./channel.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "./directive.ts";
import type { LaneWriter, RecordedFrame } from "./lane-writer.ts";
import type { Turns } from "./turns.ts";
import type { Watched } from "./watched.ts";

/** A long-running part of a flow: a machine, and what is done in its states. Only the supervision loop drives it. */
export interface HandlerSupervised<S extends Kinded, E extends Kinded, A> {
  readonly machine: Machine<S, E, A>;
  /** One piece of work in this state. What it throws becomes a failure event. */
  dispatch(state: S): EventLoopDirective<E> | Promise<EventLoopDirective<E>>;
  /** Performs an action of a transition that is on record. What it throws becomes a failure event. */
  perform(action: A): void | Promise<void>;
  /** The event by which this machine learns of a failure. */
  failure(cause: unknown): E;
  externalEvents(state: S): ExternalEventPolicy;
  /** The event that a closed channel means in this state, if any. */
  channelClosed(state: S): E | undefined;
  /** Hears of each frame that the loop has appended, when the new state is shown and before its actions run. */
  recorded?(frame: RecordedFrame): void | Promise<void>;
  /** Gives back what it holds of the outside, when nothing more can go on record. */
  abandon?(): void | Promise<void>;
}

export interface SupervisionOptions<S extends Kinded, E extends Kinded, A> {
  readonly supervised: HandlerSupervised<S, E, A>;
  readonly channel: Channel<E>;
  readonly state: Watched<S>;
  readonly writer: LaneWriter;
  readonly clock: Clock;
  readonly turns: Turns;
}

/** How a supervisor ended. */
export type SupervisorEnd<S> =
  | { readonly kind: "ended"; readonly state: S }
  /** What happened could not be put on record, so the machine stopped where it was. */
  | { readonly kind: "abandoned"; readonly state: S; readonly cause: AppendFault | Error };

/**
 * The supervision loop, the only place where a machine moves: every event goes through `#move`, which puts the transition on
 * record, then shows the new state, then performs the actions. It never rejects.
 */
export async function supervise<S extends Kinded, E extends Kinded, A>(
  options: SupervisionOptions<S, E, A>,
): Promise<SupervisorEnd<S>> {
  const loop = new SupervisionLoop(options);
  try {
    await loop.run();
    return { kind: "ended", state: options.state.value };
  } catch (cause) {
    // The fault that counts is the one in hand, not what giving up may add to it.
    await Promise.resolve(options.supervised.abandon?.()).catch(() => undefined);
    return {
      kind: "abandoned",
      state: options.state.value,
      cause: cause instanceof Abandoned ? cause.reason : asError(cause),
    };
  }
}

class Abandoned {
  readonly reason: AppendFault | Error;

  constructor(reason: AppendFault | Error) {
    this.reason = reason;
  }
}

class SupervisionLoop<S extends Kinded, E extends Kinded, A> {
  readonly #options: SupervisionOptions<S, E, A>;

  constructor(options: SupervisionOptions<S, E, A>) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { supervised, state, turns } = this.#options;
    while (!supervised.machine.isFinal(state.value)) {
      const directive = await this.#directive();
      if (directive.kind === "terminate") return;
      if (directive.kind === "transition") await this.#move(directive, "working");
      await turns.pause();
    }
  }

  async #directive(): Promise<EventLoopDirective<E>> {
    const { supervised, state } = this.#options;
    try {
      return (await this.#external()) ?? (await supervised.dispatch(state.value));
    } catch (cause) {
      return { kind: "transition", event: supervised.failure(cause) };
    }
  }

  async #external(): Promise<EventLoopDirective<E> | undefined> {
    const { supervised, state, channel } = this.#options;
    const policy = supervised.externalEvents(state.value);
    if (policy === "ignore") return undefined;
    let event = policy === "block" ? await channel.next() : channel.take();
    if (event === undefined && channel.ended) event = supervised.channelClosed(state.value);
    if (event !== undefined) return { kind: "transition", event };
    return undefined;
  }

  /** Takes an event through the machine: on record first, then shown, then acted upon. */
  async #move(
    directive: Extract<EventLoopDirective<E>, { kind: "transition" }>,
    mode: "working" | "failing",
  ): Promise<void> {
    const { supervised, state, writer, clock } = this.#options;
    const { machine } = supervised;
    const { event } = directive;
    const from = state.value;
    const step = machine.transition(from, event);
    if (step.isErr()) return this.#fail(step.error, mode);
    const { state: to, actions, kind } = step.value;
    if (kind === "ignored") return;
    const appended = writer.append(clock.now(), [
      ...(directive.records ?? []),
      { kind: "transition", machine: machine.name, event, from: from.kind, to: to.kind },
    ]);
    if (appended.isErr()) throw new Abandoned(appended.error);
    try {
      state.publish(to);
      await this.#passOn(appended.value);
      for (const action of actions) await supervised.perform(action);
    } catch (cause) {
      await this.#fail(cause, mode);
    }
  }

  async #passOn(frame: RecordedFrame): Promise<void> {
    const { supervised, state } = this.#options;
    try {
      await supervised.recorded?.(frame);
    } catch (cause) {
      // The machine has ended and takes no failure any more, but others wait for this frame.
      if (supervised.machine.isFinal(state.value)) throw new Abandoned(asError(cause));
      throw cause;
    }
  }

  /** A failure goes through the machine once; if that fails as well, the machine stays in what is on record. */
  async #fail(cause: unknown, mode: "working" | "failing"): Promise<void> {
    if (cause instanceof Abandoned) throw cause;
    const { supervised, state } = this.#options;
    if (supervised.machine.isFinal(state.value)) return;
    if (mode === "failing") throw new Abandoned(asError(cause));
    await this.#move({ kind: "transition", event: supervised.failure(cause) }, "failing");
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error("a failure could not be handled", { cause });
}
