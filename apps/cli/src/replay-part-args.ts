import { refused, type CliFault } from "./cli-fault.ts";

/** What is replayed of a run, and how, as people ask for it. */
export interface ReplayPartArgs {
  /** The last record: the number of its frame, or its place. */
  readonly until?: string;
  /** The one stage whose handler is called. */
  readonly stage?: string;
  /** Whether divergences are followed through the stages after them. */
  readonly cascade?: boolean;
  /** The place of an input before which a debugger stops. */
  readonly breakAt?: string;
  /** Opens the inspector there, and waits for a debugger to attach. */
  readonly inspectBrk?: boolean;
}

/** How fast frames are handed on, where it is not as fast as possible. */
export interface PaceArgs {
  readonly realTime?: boolean;
  readonly speed?: number;
}

/** What makes no sense together. */
export function partProblem({ breakAt, inspectBrk }: ReplayPartArgs): CliFault | undefined {
  return inspectBrk === true && breakAt === undefined
    ? refused("--inspect-brk stops before an input of your choice. Name it with --break-at stage:seq.")
    : undefined;
}

/** Whether any part is asked for. */
export function asksForPart({ until, stage, cascade, breakAt, inspectBrk }: ReplayPartArgs): boolean {
  return [until, stage, breakAt].some((name) => name !== undefined) || cascade === true || inspectBrk === true;
}
