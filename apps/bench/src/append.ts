import type { Durability, RunStore } from "@refold/core";
import { fileStore } from "@refold/log-file";
import { memoryStore } from "@refold/log-memory";

import type { Baseline, Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createLog, removeRun } from "./bench-run.ts";
import { LIBRARY_ENCODER, timeLibraryEncoder } from "./library-codec.ts";
import { appendFrames, dataFrames } from "./log-records.ts";
import { makeOrders } from "./order.ts";
import { sizeOf, timeRawWrites } from "./raw-files.ts";

const FRAME_RECORDS = [1, 16, 128] as const;
const FILE_RECORDS: Readonly<Record<Scale, number>> = { full: 2_000_000, quick: 100_000 };
/** Less, for it is held in memory. */
const MEMORY_RECORDS: Readonly<Record<Scale, number>> = { full: 500_000, quick: 100_000 };

interface Appending {
  readonly recordsPerFrame: number;
  readonly frames: number;
  readonly durability: Durability;
}

export const append: Bench = {
  name: "append",
  title: "Appending: data records to one lane of a log, no flow, until the last frame is safe",
  cases: (scale) => FRAME_RECORDS.flatMap((recordsPerFrame) => casesOf(recordsPerFrame, scale)),
};

function casesOf(recordsPerFrame: number, scale: Scale): readonly BenchCase[] {
  const label = `frames of ${recordsPerFrame}`;
  const inFile = (durability: Durability): BenchCase => {
    const frames = Math.ceil(FILE_RECORDS[scale] / recordsPerFrame);
    return {
      label: `file, ${durability}, ${label}`,
      measure: (directory) => toFile({ recordsPerFrame, frames, durability }, directory),
    };
  };
  const frames = Math.ceil(MEMORY_RECORDS[scale] / recordsPerFrame);
  const inMemory: BenchCase = {
    label: `memory, ${label}`,
    measure: () => toMemory({ recordsPerFrame, frames, durability: "buffered" }),
  };
  return [inMemory, inFile("buffered"), inFile("durable")];
}

async function toFile(appending: Appending, directory: string): Promise<readonly Metric[]> {
  const store = fileStore({ directory });
  const warmUp = await timed(store, appending, Math.ceil(appending.frames / 4), 1);
  removeRun(warmUp.location);
  const { elapsedMs, location } = await timed(store, appending, appending.frames, 2);
  const bytes = sizeOf(location);
  removeRun(location);
  const synced = appending.durability !== "buffered";
  const rawMs = timeRawWrites(directory, bytes, synced);
  const records = appending.frames * appending.recordsPerFrame;
  const what = `as many bytes written in pieces of 256 KiB${synced ? ", fdatasync after each" : ""}, the thread waiting`;
  return [
    throughput(appending, elapsedMs, { what, value: (records / rawMs) * 1000 }),
    { name: "on disk", unit: "B/record", value: bytes / records },
  ];
}

async function toMemory(appending: Appending): Promise<readonly Metric[]> {
  const { frames, recordsPerFrame } = appending;
  await timed(memoryStore(), appending, Math.ceil(frames / 4), 1);
  const { elapsedMs } = await timed(memoryStore(), appending, frames, 2);
  const drafts = dataFrames(recordsPerFrame);
  timeLibraryEncoder(drafts, Math.ceil(frames / 4));
  const libraryMs = timeLibraryEncoder(drafts, frames);
  const value = ((frames * recordsPerFrame) / libraryMs) * 1000;
  return [throughput(appending, elapsedMs, { what: LIBRARY_ENCODER, value })];
}

function throughput({ frames, recordsPerFrame }: Appending, elapsedMs: number, baseline: Baseline): Metric {
  return { name: "throughput", unit: "records/s", value: ((frames * recordsPerFrame) / elapsedMs) * 1000, baseline };
}

async function timed(
  store: RunStore,
  { recordsPerFrame, durability }: Appending,
  frames: number,
  number: number,
): Promise<{ readonly elapsedMs: number; readonly location: string }> {
  const definition = benchFlow({ stages: 2, orders: () => makeOrders(0), deliver: () => undefined });
  const log = await createLog({ definition, store, durability, number });
  const drafts = dataFrames(recordsPerFrame);
  const startedMs = performance.now();
  await appendFrames(log, drafts, frames);
  const elapsedMs = performance.now() - startedMs;
  await log.close();
  return { elapsedMs, location: store.locate(log.manifest) };
}
