import type { Clock, LaneId, RunLog } from "@refold/core";
import type { Kinded } from "@refold/fsm";

import { Channel } from "./channel.ts";
import { LaneWriter } from "./lane-writer.ts";
import { supervise, type SupervisorEnd } from "./supervise.ts";
import { StandardHandle } from "./supervisor-handle.ts";
import type { HandlerSupervised, SelfSupervised } from "./supervisor.ts";
import { Turns } from "./turns.ts";
import { Wake } from "./wake.ts";
import { Watched } from "./watched.ts";

/** What runs between a supervisor and those who hold its handle. */
export interface SupervisorChannels<E, S> {
  readonly channel: Channel<E>;
  readonly state: Watched<S>;
  /** Signalled by every event; work that waits for something else as well has it signalled, too. */
  readonly wake: Wake;
}

/** Makes the channels of a supervisor. */
export class ChannelBuilder<E, S> {
  readonly #initial: S;
  readonly #capacity: number;

  constructor(initial: S, capacity: number = 100) {
    this.#initial = initial;
    this.#capacity = capacity;
  }

  /** How many events may wait; one more is refused with a fault that names the limit. */
  capacity(events: number): ChannelBuilder<E, S> {
    return new ChannelBuilder(this.#initial, events);
  }

  build(): SupervisorChannels<E, S> {
    const wake = new Wake();
    return { wake, channel: new Channel<E>(this.#capacity, wake), state: new Watched(this.#initial) };
  }
}

/** A supervisor at work. */
export interface SupervisorTask<E, S> extends SupervisorChannels<E, S> {
  readonly clock: Clock;
  /** Resolves when the loop has ended, however it did. It never rejects. */
  readonly ended: Promise<SupervisorEnd<S>>;
}

/** Sets a supervisor to work over one lane of a log. */
export class SupervisorTaskBuilder {
  readonly #writer: LaneWriter;
  readonly #clock: Clock;
  readonly #turns: Turns;

  /** `lane` must have no other writer. `turns` are shared by the supervisors of one thread; alone, it needs none. */
  constructor(options: { readonly log: RunLog; readonly lane: LaneId; readonly clock: Clock; readonly turns?: Turns }) {
    this.#writer = new LaneWriter(options.log, options.lane);
    this.#clock = options.clock;
    this.#turns = options.turns ?? new Turns(options.clock);
  }

  spawn<S extends Kinded, E extends Kinded, A>(
    supervised: SelfSupervised<S, E, A> | HandlerSupervised<S, E, A>,
    channels: SupervisorChannels<E, S>,
  ): SupervisorTask<E, S> {
    const { channel, state } = channels;
    const ended = supervise({
      supervised,
      channel,
      state,
      writer: this.#writer,
      clock: this.#clock,
      turns: this.#turns,
    });
    return { ...channels, clock: this.#clock, ended };
  }
}

/** Makes the handle of a task. */
export class HandleBuilder<E, S> {
  readonly #task: SupervisorTask<E, S>;

  constructor(task: SupervisorTask<E, S>) {
    this.#task = task;
  }

  standard(): StandardHandle<E, S> {
    return new StandardHandle(this.#task);
  }

  /** A handle of one's own, over the standard one. */
  custom<H>(make: (standard: StandardHandle<E, S>) => H): H {
    return make(this.standard());
  }
}
