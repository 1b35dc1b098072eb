import { err, ok, type Result } from "neverthrow";

import type { Clock } from "@refold/core";

import type { Channel } from "./channel.ts";
import type { HandleFault } from "./handle-fault.ts";
import type { SupervisorEnd } from "./supervise.ts";
import type { Watched } from "./watched.ts";

/** What those who started a supervisor hold of it. The supervisor itself stays private. */
export interface SupervisorHandle<E, S> {
  /** The fold of what is on record. */
  readonly state: S;
  readonly isRunning: boolean;
  /** The present state, then every state that it changes to, until the supervisor has ended. */
  states(): AsyncIterableIterator<S>;
  send(event: E): Result<void, HandleFault>;
  /** Resolves when the supervisor has ended, or after `timeoutMs`; then it can be waited for again. */
  wait(timeoutMs?: number): Promise<Result<S, HandleFault>>;
  /** Closes the control channel: the supervisor ends as its machine says. */
  close(): void;
}

/** The handle that every supervisor can have. */
export class StandardHandle<E, S> implements SupervisorHandle<E, S> {
  readonly #channel: Channel<E>;
  readonly #state: Watched<S>;
  readonly #clock: Clock;
  readonly #ended: Promise<SupervisorEnd<S>>;
  #running = true;

  constructor(options: {
    readonly channel: Channel<E>;
    readonly state: Watched<S>;
    readonly clock: Clock;
    readonly ended: Promise<SupervisorEnd<S>>;
  }) {
    this.#channel = options.channel;
    this.#state = options.state;
    this.#clock = options.clock;
    this.#ended = options.ended.then((end) => {
      this.#running = false;
      this.#state.end();
      return end;
    });
  }

  get state(): S {
    return this.#state.value;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  states(): AsyncIterableIterator<S> {
    return this.#state.changes();
  }

  send(event: E): Result<void, HandleFault> {
    return this.#channel
      .send(event)
      .mapErr((fault): HandleFault =>
        fault.kind === "channel-closed"
          ? { kind: "send-failed", reason: "closed", limit: this.#channel.limit }
          : { kind: "send-failed", reason: "full", limit: fault.limit },
      );
  }

  async wait(timeoutMs?: number): Promise<Result<S, HandleFault>> {
    const end = timeoutMs === undefined ? await this.#ended : await this.#within(timeoutMs);
    if (end === undefined) return err({ kind: "timed-out", afterMs: timeoutMs ?? 0 });
    if (end.kind === "ended") return ok(end.state);
    return err(
      end.cause instanceof Error ? { kind: "panicked", cause: end.cause } : { kind: "log-failed", fault: end.cause },
    );
  }

  close(): void {
    this.#channel.close();
  }

  #within(timeoutMs: number): Promise<SupervisorEnd<S> | undefined> {
    return new Promise((resolve) => {
      const disarm = this.#clock.schedule(timeoutMs, () => resolve(undefined));
      void this.#ended.then((end) => {
        disarm();
        resolve(end);
      });
    });
  }
}
