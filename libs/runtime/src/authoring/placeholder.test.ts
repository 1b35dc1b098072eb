import { describe, expect, it } from "vitest";

import type { RunLog } from "@refold/core";
import { toMermaid } from "@refold/topology";

import { explainPlaceholder } from "../definition/placeholder.ts";
import type { RunHost } from "../pipeline/run-host.ts";
import { startRun } from "../pipeline/start-run.ts";
import { flow } from "./flow.ts";
import { groupBy } from "./group-by.ts";
import { placeholder, placeholdersIn } from "./placeholder.ts";
import { onEnd } from "./schedule.ts";

const unfinished = flow("unfinished", (f) => {
  const orders = f.source<{ readonly customer: string }>("orders", placeholder("no file yet"));
  const priced = orders.map("priced", placeholder<number>("prices are not settled"));
  priced.filter("large", placeholder("what is large?")).sink("large-out", placeholder("no account"));
  const sum = placeholder("not thought of");
  priced.stateful("sum", { initial: () => 0, fold: sum, project: sum, emit: onEnd() }).sink("sum-out", () => undefined);
  orders
    .stateful(
      "by-customer",
      groupBy({
        key: ({ customer }) => customer,
        initial: placeholder<number>("what is counted?"),
        fold: placeholder("what is counted?"),
        emit: onEnd(),
      }),
    )
    .observe("seen", { item: placeholder("who looks?") })
    .sink("connected", { guarantee: "idempotent", describe: () => "", open: placeholder("no connection") });
});

describe("a placeholder", () => {
  it("stands for a function of any kind: the flow is built, and tells what is missing where", () => {
    const { placeholders } = unfinished.build()._unsafeUnwrap();
    expect(placeholders.map(({ stage, why }) => `${stage}: ${why}`)).toEqual([
      "orders: no file yet",
      "priced: prices are not settled",
      "large: what is large?",
      "large-out: no account",
      "sum: not thought of",
      "by-customer: what is counted?",
      "seen: who looks?",
      "connected: no connection",
    ]);
    for (const missing of placeholders) {
      expect(explainPlaceholder(missing)).toContain(missing.why);
      expect(explainPlaceholder(missing)).toContain(`"${missing.stage}"`);
    }
  });

  it("is drawn dashed, with its reason", () => {
    const { topology } = unfinished.build()._unsafeUnwrap();
    expect(topology.stage("priced")?.annotations).toEqual({ placeholder: "prices are not settled" });
    expect(topology.stage("sum-out")?.annotations).toEqual({ guarantee: "at-least-once" });
    const drawn = toMermaid(topology);
    expect(drawn).toContain("placeholder#58; prices are not settled");
    expect([...drawn.matchAll(/stroke-dasharray/g)]).toHaveLength(8);
  });

  it("keeps a flow from being run, which then writes nothing", () => {
    const untouched = <T extends object>(): T =>
      new Proxy({} as T, {
        get() {
          throw new Error("a run was begun");
        },
      });
    const begin = (): unknown =>
      startRun(unfinished.build()._unsafeUnwrap(), untouched<RunLog>(), untouched<RunHost>());
    expect(begin).toThrow(/"orders" has a placeholder \(no file yet\)[^]*"connected" has a placeholder/);
  });

  it("says what it is when it is called all the same", () => {
    const stand: () => number = placeholder("prices are not settled");
    expect(() => stand()).toThrow("a placeholder was called, where nothing is written yet: prices are not settled");
  });

  it("is not looked for among the items of a source", () => {
    const items = [placeholder("an item, of all things")];
    const described = flow("items", (f) => {
      f.source("items", items).sink("out", () => undefined);
    });
    expect(described.build()._unsafeUnwrap().placeholders).toEqual([]);
  });

  it("is told from any other value, however deep it is looked into", () => {
    const endless: Record<string, unknown> = {};
    endless["self"] = endless;
    for (const other of [undefined, null, 1, "why", () => 1, {}, endless]) expect(placeholdersIn(other)).toEqual([]);
    expect(placeholdersIn({ a: { b: placeholder("deep") }, c: placeholder("flat") })).toEqual(["deep", "flat"]);
  });
});
