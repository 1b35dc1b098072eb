/** The present state of one policy, in flat values that can be stored and shown. */
export type PolicyStatus =
  | {
      readonly policy: "retry";
      /** How many calls wait for their next attempt. */
      readonly waiting: number;
      readonly attempts: number;
    }
  | {
      readonly policy: "circuit-breaker";
      /** `open` until the first call after its time, which finds it half-open. */
      readonly state: "closed" | "open" | "half-open";
      /** The calls it has seen since it closed, and how many of them failed or were slow; in a row, or in its window. */
      readonly calls: number;
      readonly failures: number;
      readonly slow: number;
      /** For how much longer it refuses everything, in milliseconds; 0 unless it is open. */
      readonly refusesForMs: number;
    }
  | {
      readonly policy: "bulkhead";
      readonly underWay: number;
      readonly concurrent: number;
      readonly waiting: number;
    }
  | {
      readonly policy: "rate-limit";
      readonly tokens: number;
      readonly burst: number;
      readonly perSecond: number;
      readonly waiting: number;
    }
  | {
      readonly policy: "timeout";
      readonly ms: number;
      /** How many attempts were given up so far. */
      readonly timedOut: number;
    };
