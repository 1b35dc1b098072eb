import {
  RecordDecoder,
  type Lsn,
  type NotRetainedFault,
  type ReadFault,
  type RunManifest,
  type RunReader,
  type StorageFault,
  type StoredFrame,
  type StoredSnapshot,
  type TornTail,
} from "@refold/core";
import { err, ok, type Result } from "neverthrow";

import { isSeal, type MemoryRun } from "./memory-run.ts";

const BATCH_FRAMES = 64;

/** Reading a run that is kept in memory. The bodies it hands out are the store's own: they stay valid, and are not to be written to. */
export class MemoryReader implements RunReader {
  readonly manifest: RunManifest;
  readonly tornTail: TornTail | undefined = undefined;
  protected readonly run: MemoryRun;
  #closed = false;

  constructor(run: MemoryRun) {
    this.run = run;
    this.manifest = run.manifest;
  }

  get first(): Lsn {
    return this.run.first;
  }

  get writing(): boolean {
    return this.run.writer !== undefined;
  }

  async *read(from: Lsn): AsyncGenerator<Result<readonly StoredFrame[], ReadFault>> {
    const { run } = this;
    const end = run.end;
    let at: number = from;
    while (at >= run.first && at < end) {
      const batch = run.slice(at, Math.min(BATCH_FRAMES, end - at));
      at += batch.length;
      yield ok(batch);
    }
    if (at < run.first && at < end) yield err(notRetained(at, run));
  }

  follow(from: Lsn): AsyncIterable<Result<readonly StoredFrame[], ReadFault>> {
    return { [Symbol.asyncIterator]: () => this.#following(from) };
  }

  async snapshot(
    before: Lsn = Number.POSITIVE_INFINITY as Lsn,
  ): Promise<Result<StoredSnapshot | undefined, StorageFault>> {
    return ok(this.run.snapshots.findLast(({ lsn }) => lsn < before));
  }

  async last(): Promise<Result<StoredFrame | undefined, ReadFault>> {
    return ok(this.run.frames.at(-1));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.run.wake();
  }

  /** Not a generator: leaving must end a wait that is under way, and a generator would finish the wait first. */
  #following(from: Lsn): AsyncIterator<Result<readonly StoredFrame[], ReadFault>> {
    const { run } = this;
    const decoder = new RecordDecoder();
    let at: number = from;
    let done = false;
    const finished = { done: true, value: undefined } as const;
    return {
      next: async () => {
        while (!done && !this.#closed && at >= run.end) await run.changed();
        if (done || this.#closed) return finished;
        if (at < run.first) {
          done = true;
          return { done: false, value: err(notRetained(at, run)) };
        }
        const batch = run.slice(at, BATCH_FRAMES);
        at += batch.length;
        done = batch.some((frame) => isSeal(frame, decoder));
        return { done: false, value: ok(batch) };
      },
      return: async () => {
        done = true;
        run.wake();
        return finished;
      },
    };
  }
}

function notRetained(asked: number, { first }: MemoryRun): NotRetainedFault {
  return { kind: "not-retained", asked: asked as Lsn, first };
}
