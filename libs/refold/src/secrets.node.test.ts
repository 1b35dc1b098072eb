import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import {
  EffectFailure,
  effect,
  environmentLayer,
  fileStore,
  flow,
  openRun,
  poll,
  retry,
  SinkFailure,
  type Flow,
} from "./index.ts";

const SECRET = "a-secret-that-nobody-is-to-read";

/** As HTTP clients throw them: what was sent is a property of the error. */
class RequestFailed extends Error {
  readonly config: unknown;

  constructor(message: string) {
    super(message, { cause: new Error(`401 for ${SECRET}`) });
    this.config = { headers: { authorization: SECRET } };
  }
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "refold-secrets-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Runs a flow, and gives how it ended and all that its run left in files. */
async function leftBehind(described: Flow): Promise<{ readonly status: string; readonly bytes: Buffer }> {
  const layers = [environmentLayer({ API_TOKEN: SECRET, REFOLD_SHUTDOWN__TIMEOUT_MS: "4321" })];
  const opened = (await openRun(described, { store: fileStore({ directory }), layers }))._unsafeUnwrap();
  const { status } = await opened.handle.run();
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return {
    status,
    bytes: Buffer.concat(await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))))),
  };
}

/** A flow whose source, effect and sink hold the secret, and fail with it on them, again and again. */
function failing(gives: (delivery: number) => void): Flow {
  let polls = 0;
  let calls = 0;
  let deliveries = 0;
  const call = effect({
    name: "call",
    safety: "keyed",
    policies: [retry({ attempts: 2, delayMs: 1 })],
    client: () => ({ token: SECRET }),
    run: async (n: number, { client }) => {
      if (++calls % 3 === 0) throw new RequestFailed("the call failed");
      if (calls % 4 === 0) return new EffectFailure({ error: "remote", message: "was refused", detail: { n } });
      return n + client.token.length;
    },
  });
  const items = poll(
    () => {
      if (++polls === 1) throw new RequestFailed("the poll failed");
      return { items: [1, 2, 3, 4, 5, 6], done: true };
    },
    { everyMs: 1 },
  );
  return flow("calling", (f) =>
    f
      .source("items", items, { retry: { firstMs: 1 } })
      .effectful("called", {
        effects: { call },
        handle: async (n, { effects }) =>
          (await effects.call(n)).match(
            (value) => value,
            ({ message }) => message,
          ),
      })
      .sink("out", {
        guarantee: "at-least-once",
        describe: () => "out",
        open: () => ({ write: () => gives(++deliveries) }),
      }),
  );
}

it("leaves nothing of a client, an environment, or what hangs on an error, in the files of a run", async () => {
  const { status, bytes } = await leftBehind(failing(() => undefined));
  expect(status).toBe("completed");
  for (const there of ["called/items", "the poll failed", "the call failed", "was refused", "4321"]) {
    expect(bytes.includes(there), there).toBe(true);
  }
  expect(bytes.includes(SECRET)).toBe(false);
});

it("nor where the run fails by such an error", async () => {
  const { status, bytes } = await leftBehind(
    failing(() => {
      throw new RequestFailed("the delivery failed");
    }),
  );
  expect(status).toBe("failed");
  expect(bytes.includes("the delivery failed")).toBe(true);
  expect(bytes.includes(SECRET)).toBe(false);
});

it("nor where what is thrown is no error", async () => {
  const { status, bytes } = await leftBehind(
    failing(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- some clients throw what they were answered
      throw { status: 401, request: { headers: { authorization: SECRET } } };
    }),
  );
  expect(status).toBe("failed");
  expect(bytes.includes("status 401 (not shown: request)")).toBe(true);
  expect(bytes.includes(SECRET)).toBe(false);
});

it("but has the message of an error on record, as its author gave it", async () => {
  const { bytes } = await leftBehind(
    failing(() => {
      throw new SinkFailure({ kind: "writer", message: `401 for ${SECRET}` });
    }),
  );
  expect(bytes.includes(SECRET)).toBe(true);
});
