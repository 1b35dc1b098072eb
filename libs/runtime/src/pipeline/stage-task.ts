import type { AppendFault, Logger } from "@refold/core";

import type { StageDefinition } from "../definition/flow-definition.ts";
import type { StageReport, StageWork } from "../run-report.ts";
import type { StageContext } from "../stage/stage-context.ts";
import type { StageCounters } from "../stage/stage-counters.ts";
import type { GuardedCalls } from "../stage/stage-stacks.ts";
import type { StageFault } from "../stage/stage-fault.ts";
import type { LaneState, StageState } from "../snapshot/run-state.ts";
import { Channel } from "../supervision/channel.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";
import { supervise } from "../supervision/supervise.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { Turns } from "../supervision/turns.ts";
import { Watched } from "../supervision/watched.ts";

/** Commands to stages. Only sources are paused, resumed and told to drain. */
export type StageCommand =
  | { readonly kind: "start" }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "begin-drain" }
  | { readonly kind: "cancel"; readonly reason: string };

/** A state of a stage of any kind, as the pipeline looks at it. */
export type AnyStageState = { readonly kind: string; readonly fault?: StageFault; readonly reason?: string };

/** The supervisor of a stage, seen as such: its own states and events do not matter to the pipeline. */
export interface AnyStage extends HandlerSupervised<AnyStageState, StageCommand, unknown> {
  /** What the stage has come to by its record; `undefined` while a step is on record in part. */
  readonly settled: StageState | undefined;
}

const COMMANDS = 64;

/** States in which what is on record tells of an end that is not there yet. */
const ENDING: readonly string[] = ["emitting", "flushing", "draining", "failed", "cancelled"];

/** A stage with its supervision loop, its control channel, and the state it shows. */
export class StageTask {
  readonly kind: StageDefinition["kind"];
  /** Whether the stage came to its natural end before this process took the run over. It is never launched. */
  readonly isDone: boolean;
  readonly state: Watched<AnyStageState>;
  /** Whether the loop has ended, or was never begun. */
  hasEnded = true;
  /** Resolves when the loop has ended, however it did. */
  ended: Promise<void> = Promise.resolve();
  readonly #earlier: StageWork | undefined;
  readonly #stage: AnyStage;
  readonly #context: StageContext;
  readonly #channel: Channel<StageCommand>;
  readonly #turns: Turns;
  readonly #logger: Logger | undefined;
  readonly #moved: (frame: RecordedFrame) => void;

  constructor(options: {
    readonly stage: AnyStage;
    readonly context: StageContext;
    readonly kind: StageDefinition["kind"];
    readonly turns: Turns;
    readonly logger: Logger | undefined;
    /** Hears of each transition that is on record. */
    readonly moved: (frame: RecordedFrame) => void;
    /** The state that the stage came to for good before this process took the run over. */
    readonly done: AnyStageState | undefined;
    /** What was on record of its work when this process took the run over. */
    readonly earlier: StageWork | undefined;
  }) {
    this.#earlier = options.earlier;
    this.#stage = options.stage;
    this.#context = options.context;
    this.#turns = options.turns;
    this.#logger = options.logger;
    this.#moved = options.moved;
    this.kind = options.kind;
    this.#channel = new Channel(COMMANDS, options.context.wake);
    this.isDone = options.done !== undefined;
    this.state = new Watched(options.done ?? options.stage.machine.initial);
  }

  get name(): string {
    return this.#context.name;
  }

  get isSource(): boolean {
    return this.kind === "source";
  }

  get counters(): StageCounters {
    return this.#context.counters;
  }

  /** What its policies are up to. */
  get policies(): readonly GuardedCalls[] {
    return this.#context.stacks.status();
  }

  get report(): StageReport {
    const { counters } = this.#context;
    const rejected = Object.values(counters.errors).reduce((sum, count) => sum + count, 0);
    const here = { in: counters.in, out: counters.out, rejected };
    const earlier = this.#earlier;
    const state = this.state.value.kind;
    if (earlier === undefined) return { stage: this.name, state, ...here };
    return {
      stage: this.name,
      state,
      in: earlier.in + here.in,
      out: earlier.out + here.out,
      rejected: earlier.rejected + here.rejected,
      earlier,
    };
  }

  /** What the lane of the stage has come to by its record; `undefined` while that is not all of a step, or of its end. */
  get settled(): LaneState | undefined {
    const state = this.state.value;
    if (!this.isSource && ENDING.includes(state.kind)) return undefined;
    const { machine, settled } = this.#stage;
    if (settled === undefined) return undefined;
    const { writer, counters } = this.#context;
    const taken = (this.#earlier?.in ?? 0) + counters.in;
    return { ...writer.written, taken, machines: new Map([[machine.name, state]]), stage: settled };
  }

  /** Begins the loop. `abandoned` hears of it if the loop has to stop where the stage's machine cannot tell. */
  launch(abandoned: (cause: AppendFault | Error) => void): void {
    this.hasEnded = false;
    const end = supervise({
      supervised: this.#stage,
      channel: this.#channel,
      state: this.state,
      writer: this.#context.writer,
      clock: this.#context.clock,
      turns: this.#turns,
      moved: this.#moved,
      late: (cause) => this.#logger?.warn(`stage ${this.name} failed after it had ended`, { cause: String(cause) }),
    });
    this.ended = end.then((how) => {
      this.hasEnded = true;
      if (how.kind === "abandoned") abandoned(how.cause);
    });
  }

  /**
   * A stage that has ended takes no command any more, and needs none. A pause and a resume that both still wait come to
   * nothing, so that there is always room for the commands that come once.
   */
  tell(command: StageCommand): void {
    if (command.kind === "cancel") this.#context.outside.cancel();
    const opposite = command.kind === "pause" ? "resume" : command.kind === "resume" ? "pause" : undefined;
    if (opposite !== undefined && this.#channel.takeBack(({ kind }) => kind === opposite)) return;
    this.#channel.send(command);
  }

  /** Leaves the stage behind: nothing of it goes on record any more, and nothing is awaited. */
  giveUp(): void {
    this.#context.writer.close();
    this.#context.outside.giveUp();
  }
}
