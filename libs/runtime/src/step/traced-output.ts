import type { Span } from "@refold/core";

/**
 * An output that tells its lineage, where that is not just the input at hand. It is known by its mark, also where a flow was made
 * by another copy of this package than the one that runs it.
 */
export class TracedOutput {
  readonly mark = "refold.traced-output" as const;
  readonly payload: unknown;
  readonly port: number;
  /** The inputs that led to it, by ranges; `undefined`: all that the stage has taken. */
  readonly causes: readonly Span[] | undefined;
  /** Whether it is an aggregate, and so its own root; else it comes of the input at hand and of others. */
  readonly isRoot: boolean;

  static [Symbol.hasInstance](value: unknown): boolean {
    return (value as { readonly mark?: unknown } | null | undefined)?.mark === "refold.traced-output";
  }

  private constructor(payload: unknown, port: number, causes: readonly Span[] | undefined, isRoot: boolean) {
    this.payload = payload;
    this.port = port;
    this.causes = causes;
    this.isRoot = isRoot;
  }

  /** An output that many inputs led to. */
  static aggregate(payload: unknown, causes?: readonly Span[], port: number = 0): TracedOutput {
    return new TracedOutput(payload, port, causes, true);
  }

  /** An output of the input at hand, for which earlier inputs were looked at as well. `causes` names all of them. */
  static joined(payload: unknown, causes: readonly Span[]): TracedOutput {
    return new TracedOutput(payload, 0, causes, false);
  }
}
