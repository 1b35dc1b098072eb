import {
  RecordDecoder,
  type Lsn,
  type ReadFault,
  type RunManifest,
  type RunReader,
  type StoredFrame,
  type TornTail,
} from "@refold/core";
import { ok, type Result } from "neverthrow";

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

  get writing(): boolean {
    return this.run.writer !== undefined;
  }

  async *read(from: Lsn): AsyncGenerator<Result<readonly StoredFrame[], ReadFault>> {
    const frames = this.run.frames;
    const end = frames.length;
    for (let at: number = from; at < end; at += BATCH_FRAMES)
      yield ok(frames.slice(at, Math.min(at + BATCH_FRAMES, end)));
  }

  follow(from: Lsn): AsyncIterable<Result<readonly StoredFrame[], ReadFault>> {
    return { [Symbol.asyncIterator]: () => this.#following(from) };
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
        while (!done && !this.#closed && at >= run.frames.length) await run.changed();
        if (done || this.#closed) return finished;
        const batch = run.frames.slice(at, at + BATCH_FRAMES);
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
