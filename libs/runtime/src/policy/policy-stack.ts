import type { Clock, PolicyRecord } from "@refold/core";

import { CANCEL_GRACE_MS } from "../stage/outside-calls.ts";
import type { AbortControllerLike, AbortSignalLike } from "@refold/core";
import { makeAttempt, type Attempt, type AttemptEnd } from "./attempt.ts";
import { Bulkhead } from "./bulkhead.ts";
import type { CallFailure, CallOutcome, Classified } from "./call-outcome.ts";
import { CircuitBreaker, type BreakerPermit } from "./circuit-breaker.ts";
import { failed, type Course } from "./course.ts";
import { pause } from "./pause.ts";
import type { PolicyDecision, TellDecision } from "./policy-decision.ts";
import type { PolicyName, PolicySpec, RetrySpec, TimeoutSpec } from "./policy-spec.ts";
import type { PolicyStatus } from "./policy-status.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { planRetry, type RetryPlan } from "./retry-plan.ts";

/** What a stack of policies needs of the world around it. What `classify` throws, `call` rejects with; the others must not throw. */
export interface PolicyHost {
  readonly clock: Clock;
  /** From 0 to 1, for the jitter of retries. */
  readonly random: () => number;
  readonly abortController: () => AbortControllerLike;
  /** What a thrown cause amounts to. */
  readonly classify: (cause: unknown) => Classified;
  /** Hears of every decision as it is taken. */
  readonly decided: (record: PolicyRecord) => void;
  /** How long an attempt that is cancelled while it is under way is still waited for, in milliseconds; 5,000 unless given. */
  readonly cancelGraceMs?: number;
}

/** The window for a further attempt was over when its turn came. */
interface TooLate {
  readonly kind: "too-late";
  readonly failure: CallFailure;
}

/**
 * The policies of one stage, around its calls to the outside. In whatever order they are given, a call goes through retry,
 * circuit breaker, bulkhead, rate limit and timeout, the outermost first; `docs/decisions/0007-policies.md` says why.
 *
 * The specs have passed `checkPolicies`. A stack keeps the state of its policies for as long as it lives, and no timer and no
 * listener of a call outlives the call.
 */
export class PolicyStack {
  readonly #host: PolicyHost;
  readonly #retry: RetrySpec | undefined;
  readonly #breaker: CircuitBreaker | undefined;
  readonly #bulkhead: Bulkhead | undefined;
  readonly #limiter: RateLimiter | undefined;
  readonly #timeout: TimeoutSpec | undefined;
  /** How many calls wait for their next attempt. */
  #retrying = 0;
  #timedOut = 0;

  constructor(specs: readonly PolicySpec[], host: PolicyHost) {
    const { clock } = host;
    const tell: TellDecision = (decision) => this.#tell(decision);
    const breaker = specOf(specs, "circuit-breaker");
    const bulkhead = specOf(specs, "bulkhead");
    const limit = specOf(specs, "rate-limit");
    this.#host = host;
    this.#retry = specOf(specs, "retry");
    this.#breaker = breaker && new CircuitBreaker(breaker, clock, tell);
    this.#bulkhead = bulkhead && new Bulkhead(bulkhead, clock, tell);
    this.#limiter = limit && new RateLimiter(limit, clock, tell);
    this.#timeout = specOf(specs, "timeout");
  }

  /**
   * Makes a call under the policies. When `signal` is aborted, whatever it waits for ends at once; an attempt under way is told,
   * waited for as long as the grace allows, and counts if it succeeds after all.
   */
  async call<T>(attempt: Attempt<T>, signal?: AbortSignalLike): Promise<CallOutcome<T>> {
    const course: Course<T> = { attempt, signal, attempts: 0, firstMs: undefined, failure: undefined };
    for (;;) {
      const outcome = await this.#pastBreaker(course);
      if (outcome.kind === "succeeded") return outcome;
      if (outcome.kind === "too-late") return this.#exhausted(outcome.failure, "window");
      const plan = this.#plan(course, outcome);
      if (plan.kind === "pointless") return outcome;
      if (plan.kind === "exhausted") return this.#exhausted(outcome, plan.limit);
      course.failure = outcome;
      if (!(await this.#untilNext(course, outcome, plan.delayMs))) {
        return failed(course, "cancel", "unknown", "the call was cancelled before its next attempt");
      }
    }
  }

  /** The present state of each policy, the outermost first. */
  status(): readonly PolicyStatus[] {
    return [
      this.#retryStatus(),
      this.#breakerStatus(),
      this.#bulkheadStatus(),
      this.#limiterStatus(),
      this.#timeoutStatus(),
    ].filter((status) => status !== undefined);
  }

  #plan(course: Course<unknown>, failure: CallFailure): RetryPlan {
    // A call with a failure of its own has had an attempt; one without is not tried again.
    if (this.#retry === undefined || course.firstMs === undefined) return { kind: "pointless" };
    return planRetry(this.#retry, failure, this.#host.clock.now() - course.firstMs, this.#host.random());
  }

  #exhausted({ attempts, error, message, ...rest }: CallFailure, limit: "attempts" | "window"): CallFailure {
    // Where there is but one attempt, nobody meant to try again.
    if (this.#retry?.attempts !== 1) {
      this.#tell({ policy: "retry", decision: "exhausted", detail: { attempts, limit, error, message } });
    }
    return { attempts, error, message, ...rest };
  }

  async #untilNext(
    { signal }: Course<unknown>,
    { attempts, error, message }: CallFailure,
    delayMs: number,
  ): Promise<boolean> {
    if (signal?.aborted === true) return false;
    this.#tell({ policy: "retry", decision: "scheduled", detail: { attempt: attempts + 1, delayMs, error, message } });
    this.#retrying++;
    const passed = await pause(this.#host.clock, delayMs, signal);
    this.#retrying--;
    return passed;
  }

  async #pastBreaker<T>(course: Course<T>): Promise<CallOutcome<T> | TooLate> {
    if (this.#breaker === undefined) return this.#inBulkhead(course, undefined);
    const permit = this.#breaker.admit();
    if (permit === undefined) return refusedBy(this.#breaker, course);
    try {
      return await this.#inBulkhead(course, permit);
    } finally {
      permit.release();
    }
  }

  async #inBulkhead<T>(course: Course<T>, permit: BreakerPermit | undefined): Promise<CallOutcome<T> | TooLate> {
    const bulkhead = this.#bulkhead;
    if (bulkhead === undefined) return this.#atRate(course, permit);
    switch (await bulkhead.enter(course.signal)) {
      case "cancelled":
        return failed(
          course,
          "cancel",
          "unknown",
          "the call was cancelled while it waited for a place in the bulkhead",
        );
      case "refused": {
        const { underWay, waiting } = bulkhead;
        return failed(
          course,
          "bulkhead",
          "rate-limited",
          `the bulkhead is full: ${underWay} calls are under way, and ${waiting} wait`,
        );
      }
      case "admitted":
        try {
          return await this.#atRate(course, permit);
        } finally {
          bulkhead.leave();
        }
    }
  }

  async #atRate<T>(course: Course<T>, permit: BreakerPermit | undefined): Promise<CallOutcome<T> | TooLate> {
    const limiter = this.#limiter;
    if (limiter === undefined) return this.#ifStillDue(course, permit);
    switch (await limiter.take(course.signal)) {
      case "cancelled":
        return failed(course, "cancel", "unknown", "the call was cancelled while it waited for the rate limit");
      case "refused":
        return failed(
          course,
          "rate-limit",
          "rate-limited",
          `the rate limit holds back ${limiter.waiting} calls already`,
        );
      case "admitted": {
        const { attempts } = course;
        const outcome = await this.#ifStillDue(course, permit);
        if (course.attempts === attempts) limiter.giveBack();
        return outcome;
      }
    }
  }

  /** After a wait things may have changed: the call is cancelled, its time is over, or the breaker has opened. */
  async #ifStillDue<T>(course: Course<T>, permit: BreakerPermit | undefined): Promise<CallOutcome<T> | TooLate> {
    const { signal, firstMs, failure } = course;
    if (signal?.aborted === true)
      return failed(course, "cancel", "unknown", "the call was cancelled before it was made");
    if (this.#retry !== undefined && firstMs !== undefined && failure !== undefined) {
      if (this.#host.clock.now() - firstMs > this.#retry.windowMs) return { kind: "too-late", failure };
    }
    if (this.#breaker === undefined || permit?.holds === true) return this.#make(course, permit);
    const renewed = this.#breaker.admit();
    if (renewed === undefined) return refusedBy(this.#breaker, course);
    try {
      return await this.#make(course, renewed);
    } finally {
      renewed.release();
    }
  }

  async #make<T>(course: Course<T>, permit: BreakerPermit | undefined): Promise<CallOutcome<T>> {
    const { clock, cancelGraceMs = CANCEL_GRACE_MS } = this.#host;
    const startedMs = clock.now();
    course.firstMs ??= startedMs;
    course.attempts++;
    const limits = { timeoutMs: this.#timeout?.ms, cancelGraceMs };
    const end = await makeAttempt(course.attempt, this.#host, limits, course.signal);
    const outcome = this.#outcomeOf(course, end);
    if (outcome.kind === "succeeded" || speaksOfTheOutside(outcome)) {
      permit?.settle({ failed: outcome.kind === "failed", durationMs: clock.now() - startedMs });
    }
    return outcome;
  }

  #outcomeOf<T>(course: Course<T>, end: AttemptEnd<T>): CallOutcome<T> {
    const { attempts } = course;
    switch (end.kind) {
      case "returned":
        return { kind: "succeeded", value: end.value, attempts };
      case "threw":
        return { kind: "failed", by: "call", ...this.#host.classify(end.cause), cause: end.cause, attempts };
      case "timed-out": {
        this.#timedOut++;
        this.#tell({ policy: "timeout", decision: "timed-out", detail: { afterMs: end.afterMs } });
        const message = `the call took longer than ${end.afterMs} ms`;
        return { kind: "failed", by: "timeout", error: "timeout", message, cause: end.cause, attempts };
      }
      case "cancelled": {
        const message = "the call was cancelled while it was under way";
        return { kind: "failed", by: "cancel", error: "unknown", message, cause: end.cause, attempts };
      }
    }
  }

  #tell(decision: PolicyDecision): void {
    this.#host.decided({ kind: "policy", ...decision });
  }

  #retryStatus(): PolicyStatus | undefined {
    return this.#retry && { policy: "retry", waiting: this.#retrying, attempts: this.#retry.attempts };
  }

  #breakerStatus(): PolicyStatus | undefined {
    if (this.#breaker === undefined) return undefined;
    const { state, tally, refusesForMs = 0 } = this.#breaker;
    const { calls, failures, slow } = tally;
    return { policy: "circuit-breaker", state: state.kind, calls, failures, slow, refusesForMs };
  }

  #bulkheadStatus(): PolicyStatus | undefined {
    if (this.#bulkhead === undefined) return undefined;
    const { underWay, concurrent, waiting } = this.#bulkhead;
    return { policy: "bulkhead", underWay, concurrent, waiting };
  }

  #limiterStatus(): PolicyStatus | undefined {
    if (this.#limiter === undefined) return undefined;
    const { tokens, burst, perSecond, waiting } = this.#limiter;
    return { policy: "rate-limit", tokens, burst, perSecond, waiting };
  }

  #timeoutStatus(): PolicyStatus | undefined {
    return this.#timeout && { policy: "timeout", ms: this.#timeout.ms, timedOut: this.#timedOut };
  }
}

function specOf<Name extends PolicyName>(
  specs: readonly PolicySpec[],
  name: Name,
): Extract<PolicySpec, { readonly policy: Name }> | undefined {
  return specs.find((spec): spec is Extract<PolicySpec, { readonly policy: Name }> => spec.policy === name);
}

/** Whether a failure says that the outside is not well: an input that it does not want, or a cancel, says nothing. */
function speaksOfTheOutside({ by, error }: CallFailure): boolean {
  return by !== "cancel" && error !== "validation" && error !== "domain";
}

function refusedBy(breaker: CircuitBreaker, course: Course<unknown>): CallFailure {
  const { refusesForMs } = breaker;
  if (refusesForMs === undefined) {
    return failed(
      course,
      "circuit-breaker",
      "remote",
      "the circuit breaker is half-open, and its probes are under way",
    );
  }
  const message = `the circuit breaker is open for another ${refusesForMs} ms`;
  return { ...failed(course, "circuit-breaker", "remote", message), retryAfterMs: refusesForMs };
}
