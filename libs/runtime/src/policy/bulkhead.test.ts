import { describe, expect, it } from "vitest";

import { ManualClock } from "@refold/testkit";

import type { Admission } from "./admission.ts";
import { Bulkhead } from "./bulkhead.ts";
import type { PolicyDecision } from "./policy-decision.ts";
import { bulkhead } from "./policy-spec.ts";

class Trial {
  readonly clock = new ManualClock();
  readonly told: PolicyDecision[] = [];
  readonly bulkhead: Bulkhead;
  readonly admitted: string[] = [];

  constructor(concurrent: number, waiting?: number) {
    const spec = bulkhead({ concurrent, ...(waiting === undefined ? {} : { waiting }) });
    this.bulkhead = new Bulkhead(spec, this.clock, (decision) => this.told.push(decision));
  }

  async enter(name: string, signal?: AbortSignal): Promise<Admission> {
    const admission = await this.bulkhead.enter(signal);
    if (admission === "admitted") this.admitted.push(name);
    return admission;
  }
}

describe("a bulkhead", () => {
  it("refuses what is more than may be under way and may wait, and tells of it", async () => {
    const trial = new Trial(2, 1);
    for (const name of ["a", "b", "c"]) void trial.enter(name);
    expect(await trial.enter("d")).toBe("refused");
    expect(trial.admitted).toEqual(["a", "b"]);
    expect(trial.told).toEqual([{ policy: "bulkhead", decision: "refused", detail: { underWay: 2, waiting: 1 } }]);
  });

  it("lets nobody wait unless it is told how many may", async () => {
    const trial = new Trial(1);
    await trial.enter("a");
    expect(await trial.enter("b")).toBe("refused");
  });

  it("hands a place that is left to the first in the line, who is told to have waited", async () => {
    const trial = new Trial(1, 2);
    for (const name of ["a", "b", "c"]) void trial.enter(name);
    await trial.clock.idle();
    trial.clock.advance(70);
    trial.bulkhead.leave();
    await trial.clock.idle();
    expect(trial.admitted).toEqual(["a", "b"]);
    expect(trial.told).toEqual([{ policy: "bulkhead", decision: "waited", detail: { waitedMs: 70 } }]);
    trial.bulkhead.leave();
    trial.bulkhead.leave();
    await trial.clock.idle();
    expect(trial.admitted).toEqual(["a", "b", "c"]);
    expect([trial.bulkhead.underWay, trial.bulkhead.waiting]).toEqual([0, 0]);
  });

  it("takes a cancelled caller out of the line, and gives its turn to the next", async () => {
    const trial = new Trial(1, 2);
    const controller = new AbortController();
    void trial.enter("a");
    const second = trial.enter("b", controller.signal);
    void trial.enter("c");
    controller.abort();
    expect(await second).toBe("cancelled");
    trial.bulkhead.leave();
    await trial.clock.idle();
    expect(trial.admitted).toEqual(["a", "c"]);
    expect(trial.bulkhead.underWay).toBe(1);
  });

  it("does not let who is cancelled already join the line", async () => {
    const trial = new Trial(1, 2);
    void trial.enter("a");
    expect(await trial.enter("b", AbortSignal.abort())).toBe("cancelled");
    expect(trial.bulkhead.waiting).toBe(0);
  });
});
