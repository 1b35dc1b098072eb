import { memoryStore, type MemoryStore } from "@refold/log-memory";
import type { RecordedRun } from "@refold/testkit";

/** A store in which a run was killed after so many of its frames had become safe. */
export async function killedAfter(recorded: RecordedRun, frames: number): Promise<MemoryStore> {
  const store = memoryStore();
  const log = (await store.create(recorded.manifest))._unsafeUnwrap();
  for (const { lane, timeMs, firstSeq, records } of recorded.frames.slice(0, frames)) {
    log.append({ lane, timeMs, firstSeq, records })._unsafeUnwrap();
  }
  store.crash();
  return store;
}
