import type { Lsn, RunLog, StoredSnapshot } from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { tapLog, type RecordedRun } from "@refold/testkit";

/** A store in which a run was killed after so many of its frames had become safe, with the snapshots kept until then. */
export async function killedAfter(
  recorded: RecordedRun,
  frames: number,
  snapshots: readonly StoredSnapshot[] = [],
): Promise<MemoryStore> {
  const store = memoryStore();
  const log = (await store.create(recorded.manifest))._unsafeUnwrap();
  const kept = new Map(snapshots.map(({ lsn, body }) => [lsn as number, body]));
  for (const [index, { lane, timeMs, firstSeq, records }] of recorded.frames.slice(0, frames).entries()) {
    log.append({ lane, timeMs, firstSeq, records })._unsafeUnwrap();
    const body = kept.get(index + 1);
    if (body !== undefined) (await log.keepSnapshot(body))._unsafeUnwrap();
  }
  store.crash();
  return store;
}

/** Every snapshot that the processes of a run have taken, and how many of them began with one. */
export class SnapshotsTaken {
  begunWith = 0;
  #taken: readonly StoredSnapshot[] = [];

  /** Those from up to a frame; later ones are forgotten, as the run goes on without the frames after it. */
  upTo(frames: number): readonly StoredSnapshot[] {
    this.#taken = this.#taken.filter(({ lsn }) => lsn <= frames);
    return this.#taken;
  }

  /** Follows a log that holds so many frames. */
  follow(log: RunLog, frames: number): RunLog {
    let lsn = frames;
    return Object.assign(tapLog(log, { after: () => lsn++ }), {
      keepSnapshot: (body: Uint8Array) => {
        this.#taken = [...this.#taken, { lsn: lsn as Lsn, body }];
        return log.keepSnapshot(body);
      },
      read: (from: Lsn) => {
        if (from > 0) this.begunWith++;
        return log.read(from);
      },
    });
  }
}
