import type { AppendFault, Clock, LogRecord } from "@refold/core";
import type { Kinded } from "@refold/fsm";

import type { Channel } from "./channel.ts";
import type { EventLoopDirective } from "./directive.ts";
import type { LaneWriter, RecordedFrame } from "./lane-writer.ts";
import type { HandlerSupervised, SelfSupervised } from "./supervisor.ts";
import type { Turns } from "./turns.ts";
import type { Watched } from "./watched.ts";

export interface SupervisionOptions<S extends Kinded, E extends Kinded, A> {
  readonly supervised: SelfSupervised<S, E, A> | HandlerSupervised<S, E, A>;
  readonly channel: Channel<E>;
  readonly state: Watched<S>;
  readonly writer: LaneWriter;
  readonly clock: Clock;
  readonly turns: Turns;
  /** Hears of each frame with a transition, when it is on record. It must not throw. */
  readonly moved?: ((frame: RecordedFrame) => void) | undefined;
  /** Hears of what went wrong after the machine had ended, such as a closing that threw. */
  readonly late?: ((cause: unknown) => void) | undefined;
}

/** How a supervisor ended. */
export type SupervisorEnd<S> =
  | { readonly kind: "ended"; readonly state: S }
  /** What happened could not be put on record, so the machine stopped where it was. */
  | { readonly kind: "abandoned"; readonly state: S; readonly cause: AppendFault | Error };

/**
 * The supervision loop, the only place where a machine moves: every event goes through one method, which puts the transition
 * on record, then shows the new state, then performs the actions. It never rejects.
 */
export async function supervise<S extends Kinded, E extends Kinded, A>(
  options: SupervisionOptions<S, E, A>,
): Promise<SupervisorEnd<S>> {
  const { state, supervised, channel } = options;
  const loop = new SupervisionLoop(options);
  try {
    await loop.run();
    return { kind: "ended", state: state.value };
  } catch (cause) {
    // The fault that counts is the one in hand, not what giving up may add to it.
    await quietly(() => supervised.abandon?.());
    return { kind: "abandoned", state: state.value, cause: cause instanceof Abandoned ? cause.reason : asError(cause) };
  } finally {
    channel.close();
  }
}

/** What happened cannot go on record. */
class Abandoned {
  readonly reason: AppendFault | Error;

  constructor(reason: AppendFault | Error) {
    this.reason = reason;
  }
}

/** Whether the event in hand is itself a failure. */
type Mode = "working" | "failing";

class SupervisionLoop<S extends Kinded, E extends Kinded, A> {
  readonly #options: SupervisionOptions<S, E, A>;
  /** The kind of the state in which the machine was last told that its channel is closed. */
  #closedToldIn: string | undefined;

  constructor(options: SupervisionOptions<S, E, A>) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { supervised, state, turns } = this.#options;
    while (!supervised.machine.isFinal(state.value)) {
      const directive = await this.#directive();
      if (directive.kind === "terminate") break;
      if (directive.kind === "transition") await this.#take(directive);
      await turns.pause();
    }
    const records = supervised.completion?.(state.value) ?? [];
    if (records.length > 0) this.#append(records);
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
    if (supervised.externalEvents === undefined) return undefined;
    const handler: HandlerSupervised<S, E, A> = supervised;
    const policy = supervised.externalEvents(state.value);
    if (policy === "ignore") return undefined;
    const event = (policy === "block" ? await channel.next() : channel.take()) ?? this.#channelClosed(handler);
    if (event !== undefined) return { kind: "transition", event };
    // A closed channel that means nothing here must not be waited for again and again.
    return policy === "block" && channel.ended ? { kind: "terminate" } : undefined;
  }

  /** A machine that stays where it is, although its channel is closed, is not told again and again. */
  #channelClosed(handler: HandlerSupervised<S, E, A>): E | undefined {
    const { state, channel } = this.#options;
    const { kind } = state.value;
    if (!channel.ended || kind === this.#closedToldIn) return undefined;
    this.#closedToldIn = kind;
    return handler.channelClosed(state.value);
  }

  /** Takes an event through the machine. A failure on the way goes through it once more; a second one ends the loop. */
  async #take(directive: Extract<EventLoopDirective<E>, { kind: "transition" }>): Promise<void> {
    const { supervised, state } = this.#options;
    let { event, records } = directive;
    for (let mode: Mode = "working"; ; mode = "failing") {
      const failure = await this.#move(event, records);
      if (failure === undefined) return;
      if (supervised.machine.isFinal(state.value)) {
        // The machine has ended and takes no failure any more.
        this.#options.late?.(failure.cause);
        return;
      }
      if (mode === "failing") throw new Abandoned(asError(failure.cause));
      event = supervised.failure(failure.cause);
      records = undefined;
    }
  }

  /** On record first, then shown, then acted upon. Returns what went wrong, if anything did. */
  async #move(event: E, records: readonly LogRecord[] | undefined): Promise<{ readonly cause: unknown } | undefined> {
    const { supervised, state } = this.#options;
    const { machine } = supervised;
    const from = state.value;
    const step = machine.transition(from, event);
    if (step.isErr()) return { cause: step.error };
    const { state: to, actions, kind } = step.value;
    if (kind === "ignored") return undefined;
    try {
      const frame = this.#append([
        ...(records ?? supervised.alongside?.(event) ?? []),
        { kind: "transition", machine: machine.name, event, from: from.kind, to: to.kind },
      ]);
      this.#options.moved?.(frame);
      const watched = thrownBy(() => state.publish(to));
      await this.#passOn(frame);
      // A watcher that throws must not keep the machine from doing what it has to do in its new state.
      for (const action of actions) await supervised.perform(action);
      return watched;
    } catch (cause) {
      if (cause instanceof Abandoned) throw cause;
      return { cause };
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

  #append(records: readonly LogRecord[]): RecordedFrame {
    const appended = this.#options.writer.append(this.#options.clock.now(), records);
    if (appended.isErr()) throw new Abandoned(appended.error);
    return appended.value;
  }
}

async function quietly(run: () => void | Promise<void>): Promise<void> {
  try {
    await run();
  } catch {
    // There is nothing left to do with it.
  }
}

function thrownBy(run: () => void): { readonly cause: unknown } | undefined {
  try {
    run();
    return undefined;
  } catch (cause) {
    return { cause };
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error("a failure could not be handled", { cause });
}
