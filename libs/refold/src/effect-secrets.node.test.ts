import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { effect, fileStore, flow, openRun } from "./index.ts";

const SECRET = "a-secret-of-the-client";

it("leaves nothing of a client in the files of a run", async () => {
  const directory = await mkdtemp(join(tmpdir(), "refold-secrets-"));
  try {
    const call = effect({
      name: "call",
      safety: "keyed",
      client: () => ({ token: SECRET }),
      run: (n: number, { client }) => n + client.token.length,
    });
    const calling = flow("calling", (f) =>
      f
        .source("items", [1, 2, 3])
        .effectful("called", {
          effects: { call },
          handle: async (n, { effects }) => (await effects.call(n)).unwrapOr(0),
        })
        .sink("out", () => undefined),
    );
    const opened = (await openRun(calling, { store: fileStore({ directory }) }))._unsafeUnwrap();
    expect((await opened.handle.run()).status).toBe("completed");
    const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    const bytes = await Promise.all(files.map(async ({ parentPath, name }) => readFile(join(parentPath, name))));
    expect(bytes.some((each) => each.includes("called/items"))).toBe(true);
    expect(bytes.some((each) => each.includes(SECRET))).toBe(false);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
