import type { MemoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, type RecordedRun } from "@refold/testkit";
import type { ReplayReport } from "../src/replay/replay-report.ts";
import type { Flow } from "../src/authoring/flow.ts";
import type { RunReport } from "../src/run-report.ts";

import { killedAfter } from "./killed-run.ts";

/** A run that was killed, gone on with, and replayed. */
export interface ResumedRun {
  readonly frames: number;
  readonly store: MemoryStore;
  readonly run: FlowRun;
  readonly report: RunReport;
  readonly replayed: ReplayReport;
}

/** Kills a recorded run after each of its frames but the last, goes on with the flow that `make` gives, and replays the whole. */
export async function* afterEveryKill(
  recorded: RecordedRun,
  make: (frames: number) => Flow,
): AsyncGenerator<ResumedRun> {
  for (let frames = 1; frames < recorded.frames.length; frames++) {
    const store = await killedAfter(recorded, frames);
    const run = await FlowRun.resume(make(frames), { store });
    const report = await run.run();
    const replayed = await replayFlow(make(frames), { store });
    yield { frames, store, run, report, replayed: replayed.report };
  }
}

/** How many calls have their outcome among the first frames of a run. */
export function settledIn(recorded: RecordedRun, frames: number): number {
  return recorded.frames
    .slice(0, frames)
    .flatMap(({ records }) => records)
    .filter(({ kind }) => kind === "effect-settled").length;
}
