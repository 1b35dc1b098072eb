import { append } from "./append.ts";
import type { Bench } from "./bench-case.ts";
import { effects } from "./effects.ts";
import { idle } from "./idle.ts";
import { latency } from "./latency.ts";
import { memory } from "./memory.ts";
import { metrics } from "./metrics.ts";
import { pipeline } from "./pipeline.ts";
import { read } from "./read.ts";
import { replay } from "./replay.ts";
import { resume } from "./resume.ts";
import { shapes } from "./shapes.ts";
import { stalled } from "./stalled.ts";
import { transitions } from "./transitions.ts";

/** Every bench, in the order of running. */
export const BENCHES: readonly Bench[] = [
  pipeline,
  shapes,
  latency,
  effects,
  append,
  read,
  replay,
  resume,
  transitions,
  memory,
  stalled,
  idle,
  metrics,
];
