import { RecordDecoder, type Lsn, type RunReader } from "@refold/core";
import { fileStore } from "@refold/log-file";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createLog } from "./bench-run.ts";
import { LIBRARY_DECODER, timeLibraryDecoder } from "./library-codec.ts";
import { appendFrames, dataFrames } from "./log-records.ts";
import { must } from "./must.ts";
import { makeOrders } from "./order.ts";
import { timeRawReads } from "./raw-files.ts";

const FRAME_RECORDS = [16, 128] as const;
const RECORDS: Readonly<Record<Scale, number>> = { full: 1_000_000, quick: 100_000 };

export const read: Bench = {
  name: "read",
  title: "Reading: a whole run from the file log, page cache warm, every frame checked",
  cases: (scale) =>
    FRAME_RECORDS.flatMap((recordsPerFrame): readonly BenchCase[] => [
      {
        label: `frames of ${recordsPerFrame}, checked`,
        measure: (directory) => scan(directory, recordsPerFrame, RECORDS[scale]),
      },
      {
        label: `frames of ${recordsPerFrame}, checked and decoded`,
        measure: (directory) => decode(directory, recordsPerFrame, RECORDS[scale]),
      },
    ]),
};

async function scan(directory: string, recordsPerFrame: number, records: number): Promise<readonly Metric[]> {
  const { reader, location } = await recorded(directory, recordsPerFrame, records);
  await timeScan(reader);
  const elapsedMs = await timeScan(reader);
  timeRawReads(location);
  const rawMs = timeRawReads(location);
  await reader.close();
  const baseline = { what: "the same files read in pieces of 256 KiB, unchecked", value: (records / rawMs) * 1000 };
  return [{ name: "throughput", unit: "records/s", value: (records / elapsedMs) * 1000, baseline }];
}

async function decode(directory: string, recordsPerFrame: number, records: number): Promise<readonly Metric[]> {
  const { reader } = await recorded(directory, recordsPerFrame, records);
  await timeDecode(reader);
  const elapsedMs = await timeDecode(reader);
  await timeLibraryDecoder(reader);
  const libraryMs = await timeLibraryDecoder(reader);
  await reader.close();
  const baseline = { what: LIBRARY_DECODER, value: (records / libraryMs) * 1000 };
  return [{ name: "throughput", unit: "records/s", value: (records / elapsedMs) * 1000, baseline }];
}

async function recorded(
  directory: string,
  recordsPerFrame: number,
  records: number,
): Promise<{ readonly reader: RunReader; readonly location: string }> {
  const store = fileStore({ directory });
  const definition = benchFlow({ stages: 2, orders: () => makeOrders(0), deliver: () => undefined });
  const log = await createLog({ definition, store, durability: "buffered", number: 1 });
  await appendFrames(log, dataFrames(recordsPerFrame), records / recordsPerFrame);
  await log.close();
  return { reader: must(await store.open(log.manifest.runId)), location: store.locate(log.manifest) };
}

async function timeScan(reader: RunReader): Promise<number> {
  let records = 0;
  const startedMs = performance.now();
  for await (const batch of reader.read(0 as Lsn)) for (const frame of must(batch)) records += frame.count;
  const elapsedMs = performance.now() - startedMs;
  if (records === 0) throw new Error("nothing was read");
  return elapsedMs;
}

async function timeDecode(reader: RunReader): Promise<number> {
  const decoder = new RecordDecoder();
  let records = 0;
  const startedMs = performance.now();
  for await (const batch of reader.read(0 as Lsn)) {
    for (const frame of must(batch)) records += must(decoder.decode(frame.body)).length;
  }
  const elapsedMs = performance.now() - startedMs;
  if (records === 0) throw new Error("nothing was decoded");
  return elapsedMs;
}
