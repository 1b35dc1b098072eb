import { Decoder, Encoder } from "@msgpack/msgpack";
import type { LogRecord, Lsn, RunReader } from "@refold/core";

import { must } from "./must.ts";

export const LIBRARY_ENCODER = "the same records as arrays by a reused Encoder of @msgpack/msgpack, kept nowhere";
export const LIBRARY_DECODER = "the same frames read, and decoded by @msgpack/msgpack";

/** How long the MessagePack library takes to encode so many frames as arrays of arrays, in milliseconds. */
export function timeLibraryEncoder(frames: readonly (readonly LogRecord[])[], count: number): number {
  const bodies = frames.map((records) => records.map((record): unknown[] => Object.values(record)));
  const encoder = new Encoder();
  let bytes = 0;
  const startedMs = performance.now();
  for (let index = 0; index < count; index++) bytes += encoder.encodeSharedRef(bodies[index % bodies.length]).length;
  const elapsedMs = performance.now() - startedMs;
  if (bytes === 0) throw new Error("nothing was encoded");
  return elapsedMs;
}

/** How long the MessagePack library takes to decode every frame of a run, reading included, in milliseconds. */
export async function timeLibraryDecoder(reader: RunReader): Promise<number> {
  const decoder = new Decoder();
  let records = 0;
  const startedMs = performance.now();
  for await (const batch of reader.read(0 as Lsn)) {
    for (const frame of must(batch)) {
      const body = decoder.decode(frame.body);
      if (Array.isArray(body)) records += body.length;
    }
  }
  const elapsedMs = performance.now() - startedMs;
  if (records === 0) throw new Error("nothing was decoded");
  return elapsedMs;
}
