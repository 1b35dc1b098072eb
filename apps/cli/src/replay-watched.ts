import { err, type Result } from "neverthrow";

import type { RunLog, RunReader } from "@refold/core";
import {
  explainReplayFault,
  replayRun,
  type FlowDefinition,
  type ReachedInput,
  type ReplayReport,
  type ReplayRunFault,
} from "@refold/runtime";

import { refused, type CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import { EXIT, SIGNAL_EXIT, type ExitCode } from "./exit-codes.ts";
import { letDebuggerIn, type Inspector } from "./inspector.ts";
import { hideWhilePrinting } from "./rendering/hide-while-printing.ts";
import { LiveProgress } from "./rendering/live-progress.ts";
import { safeText } from "./rendering/safe-text.ts";
import { countText } from "./rendering/table.ts";
import { partProblem, type PaceArgs, type ReplayPartArgs } from "./replay-part-args.ts";
import { stopInDebugger } from "./stop-in-debugger.ts";

/** Why a run is not looked at as a whole yet. */
export function stillWritten({ writing, manifest }: RunReader): CliFault | undefined {
  return writing
    ? refused(`The run ${manifest.runId} is still being written. Wait for its end, then replay it.`)
    : undefined;
}

export interface WatchedReplay {
  readonly reader: RunReader;
  readonly definition: FlowDefinition;
  readonly into?: RunLog;
  readonly args: ReplayPartArgs & PaceArgs;
}

/** Runs a history through a flow, with progress on a terminal, and a debugger where it is asked for. */
export async function replayWatched(watched: WatchedReplay, io: CliIo): Promise<Result<ReplayReport, CliFault>> {
  const { reader, definition, into, args } = watched;
  const problem = partProblem(args);
  if (problem !== undefined) return err(problem);
  const last = await reader.last();
  const total = last.isOk() && last.value !== undefined ? last.value.lsn + 1 : 0;
  let done = 0;
  const progress = new LiveProgress({
    output: io.stderr,
    clock: io.host.clock,
    lines: () => [`replaying ${definition.name}: ${countText(done)} of ${countText(total)} frames`],
  });
  const restore = hideWhilePrinting(progress, io);
  const say = (text: string): void => {
    progress.hide();
    void io.stderr.write(`${safeText(text)}\n`);
  };
  const stop = args.breakAt === undefined ? undefined : new DebuggerStop(args, await io.loadInspector(), say);
  const speed = args.realTime === true ? 1 : args.speed;
  const given = speed === undefined ? undefined : giveUpOnSignals(say, io);
  try {
    const report = await replayRun({
      recorded: reader,
      definition,
      host: io.host,
      progress: (frames) => (done = frames),
      ...(into && { into }),
      ...(args.until !== undefined && { until: args.until }),
      ...(args.stage !== undefined && { stage: args.stage }),
      ...(args.cascade === true && { cascade: true }),
      ...(speed !== undefined && { speed }),
      ...(given && { signal: given.signal }),
      ...(stop && args.breakAt !== undefined && { breakAt: { place: args.breakAt, reached: stop.reached } }),
    });
    if (report.isOk() && stop?.times === 0) say(nothingStopped(args.breakAt));
    return report.mapErr(replayFault);
  } finally {
    given?.unlisten();
    progress.stop();
    restore?.();
  }
}

/** The replay has ended, perhaps before the input, or began behind it. */
function nothingStopped(breakAt = ""): string {
  return `Nothing stopped: no handler took ${breakAt} in what was replayed.`;
}

/** Lets a debugger in when the input is reached, and stops there. */
class DebuggerStop {
  /** How often the input was reached: once for each stage that takes it. */
  times = 0;
  readonly #opens: boolean;
  readonly #inspector: Inspector;
  readonly #say: (text: string) => void;

  constructor({ inspectBrk }: ReplayPartArgs, inspector: Inspector, say: (text: string) => void) {
    this.#opens = inspectBrk === true;
    this.#inspector = inspector;
    this.#say = say;
  }

  readonly reached = (input: ReachedInput): void => {
    this.times++;
    this.#say(`Stage ${input.stage} is about to take ${input.place}.`);
    if (this.#opens) letDebuggerIn(this.#inspector, this.#say).mapErr(this.#say);
    stopInDebugger(input);
  };
}

/** A replay that takes its time can be given up; what it has compared by then is told of. */
function giveUpOnSignals(
  say: (text: string) => void,
  io: CliIo,
): { readonly signal: AbortSignal; readonly unlisten: () => void } {
  const controller = new AbortController();
  const unlisten = io.onSignal((signal) => {
    if (controller.signal.aborted) {
      io.exitNow(SIGNAL_EXIT[signal]);
      return;
    }
    say(`Giving the replay up after ${signal}. Once more ends the process at once.`);
    controller.abort();
  });
  return { signal: controller.signal, unlisten };
}

function replayFault(fault: ReplayRunFault): CliFault {
  return { exit: fault.kind === "storage" ? EXIT.machine : EXIT.refused, message: explainReplayFault(fault) };
}

/** What a verdict is as an exit code. */
export function exitOf(verdict: ReplayReport["verdict"]): ExitCode {
  switch (verdict) {
    case "matched":
      return EXIT.done;
    case "diverged":
      return EXIT.failed;
    case "uncertified":
      return EXIT.uncertified;
  }
}
