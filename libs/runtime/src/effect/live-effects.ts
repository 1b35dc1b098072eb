import {
  EffectFailure,
  type AbortControllerLike,
  type AbortSignalLike,
  type EffectSettledRecord,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type Position,
} from "@refold/core";

import type { Attempt } from "../policy/attempt.ts";
import type { CallOutcome, Classified } from "../policy/call-outcome.ts";
import { patientCall } from "../policy/patient-call.ts";
import type { PolicyStack } from "../policy/policy-stack.ts";
import type { StageContext } from "../stage/stage-context.ts";
import { LogFailure, StageFailure, storableText, thrownMessage } from "../stage/stage-fault.ts";
import type { AnyEffect, EffectFault, SettledOutcome } from "./effect-outcome.ts";
import type { EffectPerformer, EffectRequest, Rehearsal } from "./effect-performer.ts";
import { Finding } from "./finding.ts";
import { rehearsalOf } from "./rehearsal.ts";
import { CallDiverged, type RecordedCall, type RecordedOutcomes } from "./recorded-outcomes.ts";

/** A client that a call has asked for. */
interface Client {
  readonly effect: AnyEffect;
  readonly made: Promise<unknown>;
}

/** Makes the calls of a stage that are not on record, and puts on record what came of them. */
export class LiveEffects implements EffectPerformer {
  readonly #context: StageContext;
  readonly #hasState: boolean;
  readonly #outcomes: RecordedOutcomes;
  readonly #position: () => Position;
  readonly #retryFailed: boolean;
  /** One for each call under way: platforms warn of many listeners to one signal. */
  readonly #cancels: Set<AbortControllerLike> = new Set();
  #isCancelled = false;
  readonly #stacks: Map<AnyEffect, PolicyStack> = new Map();
  readonly #clients: Client[] = [];
  readonly #underWay: Set<Promise<unknown>> = new Set();
  /** The position of what the stage has put on record of its calls last. */
  #appended: Position | undefined;
  /** From the first divergence on, nothing is called any more. */
  #diverged: StageFailure | undefined;

  constructor(options: {
    readonly context: StageContext;
    /** Whether what the stage asks for depends on inputs before the one in hand. */
    readonly hasState: boolean;
    /** What is on record of inputs that are handled again, because another process had them in hand. */
    readonly outcomes: RecordedOutcomes;
    /** The position by which all inputs that are in hand are safe. */
    readonly position: () => Position;
    /** Whether calls are made again that have failed on record, where a handler ends on that. */
    readonly retryFailed: boolean;
  }) {
    const { context } = options;
    this.#retryFailed = options.retryFailed;
    this.#context = context;
    this.#hasState = options.hasState;
    this.#outcomes = options.outcomes;
    this.#position = options.position;
    context.outside.onCancel(() => this.#cancel());
  }

  async perform(request: EffectRequest): Promise<SettledOutcome> {
    const recorded = await this.#recorded(request);
    if (recorded.kind === "settled") return recorded.outcome;
    if (this.#isCancelled) throw new Error("the stage is told to cancel: no further call is made");
    const cancel = this.#context.abortController();
    const made = this.#make(request, recorded, cancel.signal);
    this.#cancels.add(cancel);
    this.#underWay.add(made);
    try {
      return await made;
    } finally {
      this.#cancels.delete(cancel);
      this.#underWay.delete(made);
    }
  }

  rehearsal(lane: LaneId, seq: LaneSeq): Rehearsal | undefined {
    return this.#retryFailed ? rehearsalOf(this.#outcomes, lane, seq) : undefined;
  }

  handled(lane: LaneId, seq: LaneSeq): void {
    const [left] = this.#outcomes.forget(lane, seq);
    if (left === undefined) return;
    throw this.#divergence(`a call of "${left}" is on record, and is not made now`, lane, seq);
  }

  /** Waits for the calls under way, each within its grace, and gives up what they were made with. */
  async close(): Promise<void> {
    this.#cancel();
    await Promise.allSettled(this.#underWay);
    const closed = await Promise.allSettled(
      this.#clients.splice(0).map(async ({ effect, made }) => {
        const client = await made.catch(() => NO_CLIENT);
        if (client !== NO_CLIENT) await effect.close?.(client);
      }),
    );
    for (const close of closed) if (close.status === "rejected") throw close.reason;
  }

  #cancel(): void {
    this.#isCancelled = true;
    for (const cancel of this.#cancels) cancel.abort();
  }

  async #recorded(request: EffectRequest): Promise<RecordedCall> {
    try {
      return await this.#outcomes.take(request);
    } catch (cause) {
      if (!(cause instanceof CallDiverged)) throw cause;
      throw this.#divergence(cause.message, request.lane, request.seq);
    }
  }

  #divergence(message: string, lane: LaneId, seq: LaneSeq): StageFailure {
    const { name } = this.#context;
    const input = this.#context.place(lane, seq);
    this.#diverged ??= new StageFailure({ code: "effect-diverged", stage: name, message, input });
    return this.#diverged;
  }

  async #make(request: EffectRequest, recorded: RecordedCall, signal: AbortSignalLike): Promise<SettledOutcome> {
    const { make } = request;
    // What other inputs have on record is held against their handlers before anything is called.
    await this.#outcomes.whenAsked();
    if (this.#diverged !== undefined) throw this.#diverged;
    if (make.kind === "capture") return this.#settle(request, await captured(make.capture));
    const { effect } = make;
    const key = recorded.kind === "in-doubt" ? recorded.key : this.#keyOf(effect, request);
    this.#start(request, key, recorded.kind === "in-doubt" ? recorded.attempts + 1 : 1);
    await this.#whenSafe(effect, request);
    const call = { key, signal, client: await this.#client(effect) };
    if (this.#diverged !== undefined) throw this.#diverged;
    const finding = new Finding(effect, recorded.kind === "in-doubt");
    const outcome = await this.#guarded(effect, signal, async (attemptSignal) => {
      const attempt = { ...call, signal: attemptSignal };
      const found = await finding.find(attempt);
      const returned = found === undefined ? await effect.run(request.input, attempt) : found;
      if (returned instanceof EffectFailure) throw returned;
      return returned;
    });
    if (outcome.kind === "succeeded") return this.#settle(request, { outcome: "succeeded", value: outcome.value });
    // Whether it took effect is not known: it stays in doubt.
    if (outcome.by === "cancel") throw new Error(outcome.message);
    if (finding.isInDoubt) throw this.#inDoubt(request, outcome.message);
    const { error, message, cause } = outcome;
    const detail: unknown = cause instanceof EffectFailure ? cause.detail : undefined;
    return this.#settle(request, failedOutcome({ error, message, detail }));
  }

  /**
   * The world must never see what a crash could undo: the inputs, the outcomes that the call follows from and, of a call that must
   * not be made twice, that it was begun.
   */
  async #whenSafe({ safety }: AnyEffect, { ordinal }: EffectRequest): Promise<void> {
    const hangsOnInputAlone = safety === "idempotent" && ordinal === 0 && !this.#hasState;
    const inputs = this.#position();
    const all = Math.max(inputs, this.#appended ?? inputs) as Position;
    const safe = await this.#context.log.whenSafe(hangsOnInputAlone ? inputs : all);
    if (safe.isErr()) throw new LogFailure(safe.error);
  }

  #inDoubt({ name, lane, seq }: EffectRequest, why: string): StageFailure {
    const input = this.#context.place(lane, seq);
    const message = storableText(`nobody knows whether a call of "${name}" took effect: ${why}`);
    return new StageFailure({ code: "effect-in-doubt", stage: this.#context.name, message, input });
  }

  #guarded(effect: AnyEffect, signal: AbortSignalLike, attempt: Attempt<unknown>): Promise<CallOutcome<unknown>> {
    const stack = this.#stackOf(effect);
    const waits = effect.policies.some((spec) => spec.policy === "circuit-breaker" && spec.whileOpen === "wait");
    return waits ? patientCall(stack, { attempt, clock: this.#context.clock, signal }) : stack.call(attempt, signal);
  }

  #keyOf(effect: AnyEffect, { lane, seq, ordinal, input }: EffectRequest): string {
    const { manifest, name } = this.#context;
    return effect.key?.(input) ?? `${manifest.runId}/${name}/${this.#context.place(lane, seq)}#${ordinal}`;
  }

  #start({ name, version, lane, seq, ordinal, input }: EffectRequest, key: string, attempt: number): void {
    const cause = [{ lane, first: seq, last: seq }];
    const started = { kind: "effect-started", effect: name, version, cause, ordinal, key, input } as const;
    try {
      this.#append([attempt === 1 ? started : { ...started, attempt }]);
    } catch (thrown) {
      const problem = unstorableText(thrown);
      if (problem === undefined) throw thrown;
      throw new StageFailure({
        code: "payload-refused",
        stage: this.#context.name,
        input: this.#context.place(lane, seq),
        message: `a call of "${name}" cannot be stored: ${problem}`,
      });
    }
  }

  async #settle({ name, lane, seq, ordinal, turns }: EffectRequest, outcome: SettledOutcome): Promise<SettledOutcome> {
    await turns.take();
    const cause = [{ lane, first: seq, last: seq }];
    const record = (settled: SettledOutcome): EffectSettledRecord => {
      return { kind: "effect-settled", effect: name, cause, ordinal, outcome: settled.outcome, value: settled.value };
    };
    try {
      this.#append([record(outcome)]);
      return outcome;
    } catch (thrown) {
      const problem = unstorableText(thrown);
      if (problem === undefined) throw thrown;
      const message = `its outcome cannot be stored: ${problem}`;
      const refused = failedOutcome({ error: "permanent", message, detail: undefined });
      this.#append([record(refused)]);
      return refused;
    }
  }

  #append(records: readonly LogRecord[]): void {
    const { writer, clock } = this.#context;
    const appended = writer.append(clock.now(), records);
    if (appended.isErr()) throw new LogFailure(appended.error);
    this.#appended = appended.value.position;
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
    const stack = this.#context.stacks.add(effect.name, effect.policies, classify);
    this.#stacks.set(effect, stack);
    return stack;
  }
}

const NO_CLIENT = Symbol("there is no client");

/** What is wrong with what was to go on record; `undefined` where something else failed. */
function unstorableText(thrown: unknown): string | undefined {
  if (!(thrown instanceof LogFailure)) return undefined;
  const { fault } = thrown;
  if (fault.kind === "unstorable") return `${fault.detail} at ${fault.path}`;
  return fault.kind === "frame-too-large" ? `it takes ${fault.bytes} bytes, of ${fault.limitBytes} allowed` : undefined;
}

async function captured(make: () => unknown): Promise<SettledOutcome> {
  try {
    return { outcome: "succeeded", value: await make() };
  } catch (cause) {
    return failedOutcome({ error: "unknown", message: thrownMessage(cause), detail: undefined });
  }
}

function failedOutcome(value: EffectFault<unknown>): SettledOutcome {
  return { outcome: "failed", value };
}

function classify(cause: unknown): Classified {
  if (!(cause instanceof EffectFailure)) return { error: "unknown", message: thrownMessage(cause) };
  const { error, message, retryAfterMs } = cause;
  return { error, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
