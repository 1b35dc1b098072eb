/** A policy that guards calls to the outside, as plain data. Made by the functions below; `checkPolicies` judges the numbers. */
export type PolicySpec = RateLimitSpec | CircuitBreakerSpec | RetrySpec | TimeoutSpec | BulkheadSpec;

/** The kinds of policies. A stack has at most one of each. */
export type PolicyName = PolicySpec["policy"];

export interface RateLimitSpec {
  readonly policy: "rate-limit";
  readonly perSecond: number;
  readonly burst: number;
  readonly cost: number;
}

export interface RateLimitOptions {
  /** How many tokens come back in a second. May be a fraction: 0.1 is one in ten seconds. */
  readonly perSecond: number;
  /** How many tokens there are at the most, and at the start. The largest of `perSecond`, `cost` and 1 unless given. */
  readonly burst?: number;
  /** How many tokens one attempt takes; 1 unless given. */
  readonly cost?: number;
}

/**
 * A token bucket. It starts full. An attempt for which there are not enough tokens waits, first come first served; at most
 * 10,000 wait. In any `t` seconds no more than `burst + perSecond * t` tokens are taken.
 */
export function rateLimit({
  perSecond,
  cost = 1,
  burst = Math.max(perSecond, cost, 1),
}: RateLimitOptions): RateLimitSpec {
  return { policy: "rate-limit", perSecond, burst, cost };
}

export interface CircuitBreakerSpec {
  readonly policy: "circuit-breaker";
  readonly trip: BreakerTrip;
  readonly openMs: number;
  readonly probes: number;
  readonly whileOpen: WhileOpen;
}

/** What becomes of calls that an open breaker does not let through. */
export type WhileOpen = "refuse" | "wait";

/** When a closed breaker opens. */
export type BreakerTrip =
  | { readonly kind: "consecutive"; readonly failures: number }
  | {
      readonly kind: "window";
      readonly calls: number;
      readonly minimumCalls: number;
      readonly failureRate: number | undefined;
      readonly slow: { readonly rate: number; readonly ms: number } | undefined;
    };

interface BreakerTiming {
  /** How long an open breaker lets nothing through, in milliseconds; 60,000 unless given. */
  readonly openMs?: number;
  /** How many attempts a half-open breaker lets through to see whether the outside is well again; 1 unless given. */
  readonly probes?: number;
  /**
   * Of an effect: whether a call that finds the breaker open fails at once, so that its handler can do something else, or waits,
   * and with it the stage and those before it. `refuse` unless given. Polls and writes wait in any case.
   */
  readonly whileOpen?: WhileOpen;
}

interface BreakerWindow extends BreakerTiming {
  readonly consecutive?: never;
  /** Of how many of the last calls the rates are taken. */
  readonly window: number;
  /** With how many calls the rates begin to count; `window` unless given. */
  readonly minimumCalls?: number;
}

export type CircuitBreakerOptions =
  | (BreakerTiming & {
      /** How many failures in a row open the breaker. */
      readonly consecutive: number;
      readonly window?: never;
    })
  | (BreakerWindow & {
      /** The share of failures, from 0 to 1, from which on the breaker opens. */
      readonly failureRate: number;
      readonly slowRate?: never;
      readonly slowMs?: never;
    })
  | (BreakerWindow & {
      readonly failureRate?: number;
      /** The share of slow calls, from 0 to 1, from which on the breaker opens. */
      readonly slowRate: number;
      /** From how many milliseconds on a call is slow, whether it succeeds or fails. */
      readonly slowMs: number;
    });

/**
 * Opens when calls keep failing, and then refuses all at once, so that the outside gets time to recover. After `openMs` it is
 * half-open: `probes` attempts may pass. If all of them succeed it closes and forgets what was before; if one fails, or is
 * slow, it opens again. Failures of kinds `validation` and `domain` do not count, nor do calls that were cancelled.
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreakerSpec {
  const { openMs = 60_000, probes = 1, whileOpen = "refuse" } = options;
  return { policy: "circuit-breaker", trip: tripOf(options), openMs, probes, whileOpen };
}

function tripOf(options: CircuitBreakerOptions): BreakerTrip {
  if (options.window === undefined) return { kind: "consecutive", failures: options.consecutive };
  const { window, minimumCalls = window, failureRate, slowRate, slowMs } = options;
  return {
    kind: "window",
    calls: window,
    minimumCalls,
    failureRate,
    slow: slowRate === undefined ? undefined : { rate: slowRate, ms: slowMs },
  };
}

export interface RetrySpec {
  readonly policy: "retry";
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly jitter: number;
  readonly windowMs: number;
}

/** How long to wait between two attempts, before jitter. */
export type Backoff =
  | { readonly kind: "fixed"; readonly delayMs: number }
  | { readonly kind: "exponential"; readonly firstMs: number; readonly factor: number; readonly maxMs: number };

interface RetryLimits {
  /** How many attempts there are at the most, the first one included; 3 unless given. */
  readonly attempts?: number;
  /** No attempt begins later than this after the first one began, in milliseconds; 120,000 unless given. */
  readonly windowMs?: number;
  /** By which share a delay may be longer or shorter, from 0 to 1; 0.1 unless given, and 0 where the delay is fixed. */
  readonly jitter?: number;
}

export type RetryOptions =
  | (RetryLimits & {
      /** The delay before every further attempt, in milliseconds. */
      readonly delayMs: number;
      readonly firstMs?: never;
      readonly factor?: never;
      readonly maxMs?: never;
    })
  | (RetryLimits & {
      readonly delayMs?: never;
      /** The delay before the second attempt, in milliseconds; 250 unless given. */
      readonly firstMs?: number;
      /** How many times longer each delay is than the one before; 2 unless given. */
      readonly factor?: number;
      /** The longest delay before jitter, in milliseconds; 4,000 unless given. */
      readonly maxMs?: number;
    });

/**
 * Tries again after failures of kinds `timeout`, `remote`, `rate-limited` and `unknown`: the others would fail again. What a
 * failure says about when to come back is waited for at least. For calls only that are safe to repeat.
 */
export function retry(options: RetryOptions = {}): RetrySpec {
  const { attempts = 3, windowMs = 120_000 } = options;
  if (options.delayMs !== undefined) {
    const { delayMs, jitter = 0 } = options;
    return { policy: "retry", attempts, backoff: { kind: "fixed", delayMs }, jitter, windowMs };
  }
  const { firstMs = 250, factor = 2, maxMs = 4_000, jitter = 0.1 } = options;
  return { policy: "retry", attempts, backoff: { kind: "exponential", firstMs, factor, maxMs }, jitter, windowMs };
}

export interface TimeoutSpec {
  readonly policy: "timeout";
  readonly ms: number;
}

/** Gives up an attempt after `ms` milliseconds: its signal is aborted, and it has failed with `timeout`. */
export function timeout(ms: number): TimeoutSpec {
  return { policy: "timeout", ms };
}

export interface BulkheadSpec {
  readonly policy: "bulkhead";
  readonly concurrent: number;
  readonly waiting: number;
}

export interface BulkheadOptions {
  /** How many attempts may be under way at once. */
  readonly concurrent: number;
  /** How many more may wait for a place; 0 unless given. What comes on top is refused. */
  readonly waiting?: number;
}

/**
 * Keeps a slow outside from taking up everything. An attempt that was given up, by a timeout or a cancel, leaves its place,
 * even if it does not heed its signal and goes on.
 */
export function bulkhead({ concurrent, waiting = 0 }: BulkheadOptions): BulkheadSpec {
  return { policy: "bulkhead", concurrent, waiting };
}
