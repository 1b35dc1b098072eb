import {
  EffectFailure,
  type AbortControllerLike,
  type AbortSignalLike,
  type EffectSettledRecord,
  type LaneId,
  type LogRecord,
  type Position,
} from "@refold/core";

import type { Classified } from "../policy/call-outcome.ts";
import { PolicyStack } from "../policy/policy-stack.ts";
import type { PolicyStatus } from "../policy/policy-status.ts";
import type { StageContext } from "../stage/stage-context.ts";
import { LogFailure, StageFailure, thrownMessage } from "../stage/stage-fault.ts";
import { seedOf, SeededRandom } from "../step/seeded-random.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { AnyEffect, EffectFault, SettledOutcome } from "./effect-outcome.ts";
import type { EffectPerformer, EffectRequest } from "./effect-performer.ts";
import { CallDiverged, type RecordedCall, type RecordedOutcomes } from "./recorded-outcomes.ts";

/** A client that a call has asked for. */
interface Client {
  readonly effect: AnyEffect;
  readonly made: Promise<unknown>;
}

/** Makes the calls of a stage that are not on record, and puts on record what came of them. */
export class LiveEffects implements EffectPerformer {
  readonly #context: StageContext;
  readonly #outcomes: RecordedOutcomes;
  readonly #position: () => Position;
  readonly #abort: AbortControllerLike;
  readonly #random: SeededRandom = new SeededRandom();
  readonly #stacks: Map<AnyEffect, PolicyStack> = new Map();
  readonly #clients: Client[] = [];
  readonly #underWay: Set<Promise<unknown>> = new Set();

  constructor(options: {
    readonly context: StageContext;
    readonly lane: LaneId;
    /** What is on record of inputs that are handled again, because another process had them in hand. */
    readonly outcomes: RecordedOutcomes;
    /** The position by which all inputs that are in hand are safe. */
    readonly position: () => Position;
  }) {
    const { context, lane } = options;
    this.#context = context;
    this.#outcomes = options.outcomes;
    this.#position = options.position;
    this.#abort = context.abortController();
    this.#random.seed(seedOf(`${context.manifest.runId}/${context.name}`), lane, context.writer.nextSeq);
    context.outside.onCancel(() => this.#abort.abort());
  }

  /** What the policies of each effect are up to. */
  status(): readonly { readonly effect: string; readonly policies: readonly PolicyStatus[] }[] {
    return [...this.#stacks].map(([{ name }, stack]) => ({ effect: name, policies: stack.status() }));
  }

  async perform(request: EffectRequest): Promise<SettledOutcome> {
    const recorded = await this.#recorded(request);
    if (recorded.kind === "settled") return recorded.outcome;
    if (this.#abort.signal.aborted) throw new Error("the stage is told to cancel: no further call is made");
    const made = this.#make(request, recorded);
    this.#underWay.add(made);
    try {
      return await made;
    } finally {
      this.#underWay.delete(made);
    }
  }

  /** Waits for the calls under way, each within its grace, and gives up what they were made with. */
  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled(this.#underWay);
    for (const { effect, made } of this.#clients.splice(0)) {
      const client = await made.catch(() => NO_CLIENT);
      if (client !== NO_CLIENT) await effect.close?.(client);
    }
  }

  async #recorded(request: EffectRequest): Promise<RecordedCall> {
    try {
      return await this.#outcomes.take(request);
    } catch (cause) {
      if (!(cause instanceof CallDiverged)) throw cause;
      const input = this.#context.place(request.lane, request.seq);
      throw new StageFailure({ code: "effect-diverged", stage: this.#context.name, message: cause.message, input });
    }
  }

  async #make(request: EffectRequest, recorded: RecordedCall): Promise<SettledOutcome> {
    const { make } = request;
    if (make.kind === "capture") return this.#settle(request, await captured(make.capture));
    const { effect } = make;
    const key = recorded.kind === "in-doubt" ? recorded.key : this.#keyOf(effect, request);
    const started = recorded.kind === "in-doubt" ? undefined : this.#start(request, key);
    // The world must never see what a crash could undo; and of a call that must not be made twice, that it was begun.
    const safeAt = effect.safety === "idempotent" || started === undefined ? this.#position() : started.position;
    const safe = await this.#context.log.whenSafe(safeAt);
    if (safe.isErr()) throw new LogFailure(safe.error);
    const signal = this.#abort.signal;
    const call = { key, signal, client: await this.#client(effect) };
    if (recorded.kind === "in-doubt" && effect.find !== undefined) {
      const found = await effect.find(key, call);
      if (found !== undefined) return this.#settle(request, outcomeOf(found));
    }
    const outcome = await this.#stackOf(effect).call(async (attemptSignal: AbortSignalLike) => {
      const returned = await effect.run(request.input, { ...call, signal: attemptSignal });
      if (returned instanceof EffectFailure) throw returned;
      return returned;
    }, signal);
    if (outcome.kind === "succeeded") return this.#settle(request, { outcome: "succeeded", value: outcome.value });
    // Whether it took effect is not known: it stays in doubt.
    if (outcome.by === "cancel") throw new Error(outcome.message);
    const { error, message, cause } = outcome;
    const detail: unknown = cause instanceof EffectFailure ? cause.detail : undefined;
    return this.#settle(request, failedOutcome({ error, message, detail }));
  }

  #keyOf(effect: AnyEffect, { lane, seq, ordinal, input }: EffectRequest): string {
    const { manifest, name } = this.#context;
    return effect.key?.(input) ?? `${manifest.rootRunId}/${name}/${this.#context.place(lane, seq)}#${ordinal}`;
  }

  #start({ name, version, lane, seq, ordinal, input }: EffectRequest, key: string): RecordedFrame {
    const cause = [{ lane, first: seq, last: seq }];
    return this.#append([{ kind: "effect-started", effect: name, version, cause, ordinal, key, input }]);
  }

  #settle({ name, lane, seq, ordinal }: EffectRequest, outcome: SettledOutcome): SettledOutcome {
    const cause = [{ lane, first: seq, last: seq }];
    const record = (settled: SettledOutcome): EffectSettledRecord => {
      return { kind: "effect-settled", effect: name, cause, ordinal, outcome: settled.outcome, value: settled.value };
    };
    try {
      this.#append([record(outcome)]);
      return outcome;
    } catch (thrown) {
      if (!(thrown instanceof LogFailure) || thrown.fault.kind !== "unstorable") throw thrown;
      const message = `its outcome cannot be stored: ${thrown.fault.detail} at ${thrown.fault.path}`;
      const refused = failedOutcome({ error: "permanent", message, detail: undefined });
      this.#append([record(refused)]);
      return refused;
    }
  }

  #append(records: readonly LogRecord[]): RecordedFrame {
    const { writer, clock } = this.#context;
    const appended = writer.append(clock.now(), records);
    if (appended.isErr()) throw new LogFailure(appended.error);
    return appended.value;
  }

  #client(effect: AnyEffect): Promise<unknown> {
    const known = this.#clients.find((client) => client.effect === effect);
    if (known !== undefined) return known.made;
    const made = (async (): Promise<unknown> => effect.client?.())();
    if (effect.client !== undefined) this.#clients.push({ effect, made });
    return made;
  }

  #stackOf(effect: AnyEffect): PolicyStack {
    const known = this.#stacks.get(effect);
    if (known !== undefined) return known;
    const stack = new PolicyStack(effect.policies, {
      clock: this.#context.clock,
      random: () => this.#random.unit(),
      abortController: () => this.#context.abortController(),
      classify,
      decided: (record) => void this.#append([record]),
    });
    this.#stacks.set(effect, stack);
    return stack;
  }
}

const NO_CLIENT = Symbol("there is no client");

async function captured(make: () => unknown): Promise<SettledOutcome> {
  try {
    return { outcome: "succeeded", value: await make() };
  } catch (cause) {
    return failedOutcome({ error: "unknown", message: thrownMessage(cause), detail: undefined });
  }
}

function outcomeOf(returned: unknown): SettledOutcome {
  if (!(returned instanceof EffectFailure)) return { outcome: "succeeded", value: returned };
  const { error, message, detail } = returned as EffectFailure<unknown>;
  return failedOutcome({ error, message, detail });
}

function failedOutcome(value: EffectFault<unknown>): SettledOutcome {
  return { outcome: "failed", value };
}

function classify(cause: unknown): Classified {
  if (!(cause instanceof EffectFailure)) return { error: "unknown", message: thrownMessage(cause) };
  const { error, message, retryAfterMs } = cause;
  return { error, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
