import type { AbortControllerLike, Clock, LaneId } from "@refold/core";

import type { Classified } from "../policy/call-outcome.ts";
import type { PolicySpec } from "../policy/policy-spec.ts";
import { PolicyStack } from "../policy/policy-stack.ts";
import type { PolicyStatus } from "../policy/policy-status.ts";
import { SeededRandom, seedOf } from "../step/seeded-random.ts";
import type { LaneWriter } from "../supervision/lane-writer.ts";
import type { StageCounters } from "./stage-counters.ts";
import { LogFailure } from "./stage-fault.ts";

/** What the policies around one kind of calls are up to. */
export interface GuardedCalls {
  /** The effect, or `poll` of a source, or `write` of a sink. */
  readonly calls: string;
  readonly policies: readonly PolicyStatus[];
}

/** The policies that stand between one stage and the outside. What they decide goes on record in the stage's lane, and is counted. */
export class StageStacks {
  readonly #counters: StageCounters;
  readonly #writer: LaneWriter;
  readonly #clock: Clock;
  readonly #abortController: () => AbortControllerLike;
  readonly #random: SeededRandom = new SeededRandom();
  readonly #stacks: { readonly calls: string; readonly stack: PolicyStack }[] = [];

  constructor(options: {
    /** What chance follows from. */
    readonly seed: string;
    readonly lane: LaneId;
    readonly writer: LaneWriter;
    readonly clock: Clock;
    readonly counters: StageCounters;
    readonly abortController: () => AbortControllerLike;
  }) {
    this.#writer = options.writer;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#abortController = options.abortController;
    this.#random.seed(seedOf(options.seed), options.lane, options.writer.nextSeq);
  }

  add(calls: string, specs: readonly PolicySpec[], classify: (cause: unknown) => Classified): PolicyStack {
    const stack = new PolicyStack(specs, {
      clock: this.#clock,
      random: () => this.#random.unit(),
      abortController: this.#abortController,
      classify,
      decided: (record) => {
        const appended = this.#writer.append(this.#clock.now(), [record]);
        if (appended.isErr()) throw new LogFailure(appended.error);
        this.#counters.decided(record.policy, record.decision);
      },
    });
    if (specs.length > 0) this.#stacks.push({ calls, stack });
    return stack;
  }

  status(): readonly GuardedCalls[] {
    return this.#stacks.map(({ calls, stack }) => ({ calls, policies: stack.status() }));
  }
}
