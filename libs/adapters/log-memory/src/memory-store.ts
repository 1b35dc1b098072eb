import {
  parseManifest,
  type CreateFault,
  type ListedRun,
  type OpenFault,
  type RunId,
  type RunLog,
  type RunManifest,
  type RunReader,
  type RunStore,
  type StorageFault,
} from "@refold/core";
import { err, ok, type Result } from "neverthrow";

import { MemoryLog } from "./memory-log.ts";
import { MemoryReader } from "./memory-reader.ts";
import { MemoryRun } from "./memory-run.ts";

export interface MemoryStoreOptions {
  /** Frames become safe only when `release` is called or their log is closed, so that a test sees who waits for safety. */
  readonly holdSafety?: boolean;
}

/** Runs in memory, with what a test needs to show a process how storage can let it down. */
export interface MemoryStore extends RunStore {
  /** Makes every frame appended so far safe. */
  release(): void;
  /** As if the process had died: no writer holds a run any more, and frames that were not safe are gone. */
  crash(): void;
  /** Makes every run refuse, as a full disk does: each later append and wait, on any log, gives this cause. */
  fail(cause: unknown): void;
}

/** Keeps runs in memory, as encoded bytes. They are gone with the store. */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new Memory(options.holdSafety ?? false);
}

class Memory implements MemoryStore {
  readonly #runs = new Map<RunId, MemoryRun>();
  readonly #holdSafety: boolean;

  constructor(holdSafety: boolean) {
    this.#holdSafety = holdSafety;
  }

  async create(manifest: RunManifest): Promise<Result<RunLog, CreateFault>> {
    if (this.#runs.has(manifest.runId)) return err({ kind: "run-exists", runId: manifest.runId });
    const location = this.locate(manifest);
    const kept = parseManifest(JSON.stringify(manifest), location);
    if (kept.isErr()) throw new TypeError(`${location}: a manifest that could not be read back`, { cause: kept.error });
    const run = new MemoryRun(kept.value);
    this.#runs.set(manifest.runId, run);
    return ok(new MemoryLog(run, this.#holdSafety));
  }

  async open(runId: RunId): Promise<Result<RunReader, OpenFault>> {
    return this.#find(runId).map((run) => new MemoryReader(run));
  }

  async resume(runId: RunId): Promise<Result<RunLog, OpenFault>> {
    return this.#find(runId).andThen((run) =>
      run.writer === undefined
        ? ok(new MemoryLog(run, this.#holdSafety))
        : err<never, OpenFault>({ kind: "locked", location: this.locate(run.manifest), holder: "this process" }),
    );
  }

  async list(): Promise<Result<readonly ListedRun[], StorageFault>> {
    const manifests = [...this.#runs.values()].map((run) => run.manifest);
    manifests.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.runId < b.runId ? -1 : 1));
    return ok(manifests.map((manifest) => ({ kind: "run", manifest, location: this.locate(manifest) })));
  }

  locate(manifest: RunManifest): string {
    return `memory:${manifest.flow}/${manifest.runId}`;
  }

  release(): void {
    for (const run of this.#runs.values()) if (run.writer instanceof MemoryLog) run.writer.settle();
  }

  crash(): void {
    for (const run of this.#runs.values()) {
      run.writer = undefined;
      run.fault = undefined;
      run.cutAt(run.safeEnd);
    }
  }

  fail(cause: unknown): void {
    for (const run of this.#runs.values()) {
      run.fault ??= { kind: "storage", operation: "append", path: this.locate(run.manifest), cause };
      if (run.writer instanceof MemoryLog) run.writer.settle();
    }
  }

  #find(runId: RunId): Result<MemoryRun, OpenFault> {
    const run = this.#runs.get(runId);
    return run === undefined ? err({ kind: "run-not-found", runId, location: "memory" }) : ok(run);
  }
}
