import type { CommitHandle, FlushPolicy, SinkConnector } from "@refold/core";

import type { Stream } from "../src/index.ts";

export interface SinkPlan {
  readonly writes: "at once" | "later" | "buffered to the flush" | "buffered to the next";
  readonly flush: FlushPolicy;
}

/** Adds a sink that keeps all that it is given, in order. */
export function addSink(stream: Stream<unknown>, name: string, { writes, flush }: SinkPlan, items: unknown[]): void {
  switch (writes) {
    case "at once":
      stream.sink(name, (item) => void items.push(item), { flush });
      return;
    case "later":
      stream.sink(name, async (item) => void items.push(item), { flush });
      return;
    case "buffered to the flush":
    case "buffered to the next":
      stream.sink(name, buffering(items, writes === "buffered to the next"), { flush });
  }
}

/** Commits what it is given when it is told to flush, or one batch later. */
function buffering(items: unknown[], commitsNext: boolean): SinkConnector<unknown> {
  return {
    guarantee: "at-least-once",
    describe: () => "buffering",
    open: (context) => {
      const handles: CommitHandle[] = [];
      const commitAll = (): void => {
        for (const handle of handles.splice(0)) context.commit(handle);
      };
      return {
        write: (batch) => {
          if (commitsNext) commitAll();
          items.push(...batch.items);
          handles.push(batch.buffer());
          return { outcome: "buffered" };
        },
        flush: commitAll,
      };
    },
  };
}
