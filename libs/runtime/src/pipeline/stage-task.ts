import type { AppendFault } from "@refold/core";

import { Channel } from "../supervision/channel.ts";
import { supervise, type SupervisorEnd } from "../supervision/supervise.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { Turns } from "../supervision/turns.ts";
import { Watched } from "../supervision/watched.ts";
import type { StageContext } from "../stage/stage-context.ts";
import type { StageFault } from "../stage/stage-fault.ts";
import type { StageReport } from "../run-outcome.ts";

/** Commands that stages of every kind understand. */
export type StageCommand = { readonly kind: "start" } | { readonly kind: "cancel"; readonly reason: string };

/** A state of a stage of any kind, as the pipeline looks at it. */
export type AnyStageState = { readonly kind: string; readonly fault?: StageFault; readonly reason?: string };

/** The supervisor of a stage, seen as such: its own states and events do not matter to the pipeline. */
export type AnyStage = HandlerSupervised<AnyStageState, StageCommand, unknown>;

const COMMANDS = 16;

/** A stage with its supervision loop, its control channel, and the state it shows. */
export class StageTask {
  readonly isSource: boolean;
  readonly state: Watched<AnyStageState>;
  /** Resolves when the loop has ended, however it did. */
  ended: Promise<SupervisorEnd<AnyStageState> | undefined> = Promise.resolve(undefined);
  readonly #stage: AnyStage;
  readonly #context: StageContext;
  readonly #channel: Channel<StageCommand>;
  readonly #turns: Turns;

  constructor(options: {
    readonly stage: AnyStage;
    readonly context: StageContext;
    readonly isSource: boolean;
    readonly turns: Turns;
  }) {
    this.#stage = options.stage;
    this.#context = options.context;
    this.#turns = options.turns;
    this.isSource = options.isSource;
    this.#channel = new Channel(COMMANDS, options.context.wake);
    this.state = new Watched(options.stage.machine.initial);
  }

  get name(): string {
    return this.#context.name;
  }

  get report(): StageReport {
    const { counters } = this.#context;
    return { stage: this.name, state: this.state.value.kind, in: counters.in, out: counters.out };
  }

  /** Begins the loop. `abandoned` hears of it if the loop has to stop where the stage's machine cannot tell. */
  launch(abandoned: (cause: AppendFault | Error) => void): void {
    const end = supervise({
      supervised: this.#stage,
      channel: this.#channel,
      state: this.state,
      writer: this.#context.writer,
      clock: this.#context.clock,
      turns: this.#turns,
    });
    this.ended = end.then((how) => {
      if (how.kind === "abandoned") abandoned(how.cause);
      return how;
    });
  }

  start(): void {
    this.#channel.send({ kind: "start" });
  }

  cancel(reason: string): void {
    this.#context.outside.cancel();
    this.#channel.send({ kind: "cancel", reason });
  }
}
