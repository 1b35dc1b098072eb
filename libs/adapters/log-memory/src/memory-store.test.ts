import { runStoreConformance, type FailingRunStore } from "@refold/testkit";
import { describe, it } from "vitest";

import { memoryStore } from "./memory-store.ts";

runStoreConformance({
  name: "memoryStore",
  runner: { describe, it },
  open: async () => open(),
  profiles: { failing: async () => open() },
});

function open(): FailingRunStore {
  const store = memoryStore();
  return {
    store,
    reopen: async () => {
      store.crash();
      return store;
    },
    dispose: async () => undefined,
    fail: (cause) => store.fail(cause),
  };
}
