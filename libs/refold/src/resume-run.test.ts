import { describe, expect, it } from "vitest";

import {
  explainResumeRunFault,
  flow,
  memoryStore,
  openRun,
  resumeRun,
  type Flow,
  type RunId,
  type RunStore,
} from "./index.ts";

interface Doubling {
  readonly times?: number;
  readonly delivered?: number[];
  /** The sink throws at this product. */
  readonly refuses?: number;
}

const doubling = ({ times = 2, delivered = [], refuses }: Doubling = {}): Flow =>
  flow(
    "doubling",
    (f) =>
      f
        .source("numbers", [1, 2, 3])
        .map("doubled", (n) => times * n)
        .sink("out", (n) => {
          if (n === refuses) throw new Error("the account is locked");
          delivered.push(n);
        }),
    { configuration: { flow: { "sink.batchInputs": 1 } } },
  );

async function failedRun(store: RunStore): Promise<RunId> {
  const { handle, manifest } = (await openRun(doubling({ refuses: 4 }), { store }))._unsafeUnwrap();
  expect((await handle.run()).status).toBe("failed");
  return manifest.runId;
}

describe("resumeRun", () => {
  it("goes on with a run that failed: what had a receipt is not delivered again, and the settings are those on record", async () => {
    const store = memoryStore();
    const runId = await failedRun(store);
    const delivered: number[] = [];
    const frames: number[] = [];
    const progress = (done: number): void => void frames.push(done);
    const resumed = await resumeRun(doubling({ delivered }), { store, runId, progress });
    const { handle, manifest, configuration, location } = resumed._unsafeUnwrap();
    expect(delivered).toEqual([]);
    expect((await handle.run()).status).toBe("completed");
    expect(delivered).toEqual([4, 6]);
    expect(manifest.runId).toBe(runId);
    expect(configuration.entries()).toEqual(manifest.configuration);
    expect(location).toBe(store.locate(manifest));
    expect(frames.at(-1)).toBeGreaterThan(0);
  });

  it("goes on with other code only when it is forced to", async () => {
    const store = memoryStore();
    const runId = await failedRun(store);
    const fault = (await resumeRun(doubling({ times: 3 }), { store, runId }))._unsafeUnwrapErr();
    expect(fault).toMatchObject({ kind: "resume-diverged", report: { first: { recorded: 2, recomputed: 3 } } });
    expect(explainResumeRunFault(fault)).toMatch(/does not compute what is on record, first at doubled:\d+\./);
    const forced = await resumeRun(doubling({ times: 3 }), { store, runId, force: true });
    expect((await forced._unsafeUnwrap().handle.run()).status).toBe("completed");
  });

  it("says why a run does not go on", async () => {
    const store = memoryStore();
    const runId = await failedRun(store);
    const why = async (described: Flow, id: RunId = runId): Promise<string> =>
      explainResumeRunFault((await resumeRun(described, { store, runId: id }))._unsafeUnwrapErr());
    expect(await why(flow("empty", () => undefined))).toMatch(/^The flow cannot be built:\n.*no stages/);
    expect(await why(flow("other", (f) => f.source("digits", [1]).sink("out", () => undefined)))).toMatch(
      /cannot be gone on with:\n(?: {2}- .*\n){4,}Go on with a flow/,
    );
    expect(await why(doubling(), "00000000-0000-7000-8000-000000000000" as RunId)).toMatch(/There is no run/);
    const held = (await resumeRun(doubling(), { store, runId }))._unsafeUnwrap();
    expect(await why(doubling())).toMatch(/held for writing by this process/);
    await held.handle.run();
    expect(await why(doubling())).toMatch(/The run has come to its end/);
  });
});
