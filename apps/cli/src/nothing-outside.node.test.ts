import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { commandOn, isInstalled, MAIN, ROOT, RUNTIMES, type Runtime } from "../test/runtimes.ts";

// Several processes take their time to start on a machine with other work.
vi.setConfig({ testTimeout: 120_000 });

/**
 * All that a flow may have to do with the outside. Whoever calls any of it writes a line to a file and calls a server, so that
 * not even what nobody waits for goes unseen. `TOUCHES` has a pure handler do the same, which is what must not go unseen.
 */
const FLOW = `
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { csvFile, csvSink } from "@refold/csv";
import { circuitBreaker, effect, EffectFailure, flow, poll, rateLimit, retry, timeout } from "refold";

const write = (what) => appendFileSync("touched.txt", what + "\\n");
const call = () => void connect(Number(process.env.PORT), "127.0.0.1");
const touch = (what) => {
  write(what);
  call();
};

let polls = 0;
const pages = poll(
  async ({ cursor = 0 }) => {
    touch("poll");
    if (++polls === 2) throw new Error("not now");
    return { items: [{ id: cursor, name: "page" }], cursor: cursor + 1, done: cursor > 3 };
  },
  { everyMs: 1 },
);

async function* generated() {
  touch("generate");
  for (let id = 0; id < 5; id++) yield { id, name: "generated" };
}

let calls = 0;
const look = effect({
  name: "look",
  safety: "keyed",
  policies: [retry({ attempts: 3, firstMs: 1 }), timeout(5_000), circuitBreaker({ consecutive: 100, openMs: 1 })],
  client: () => {
    touch("client");
    return { base: 1 };
  },
  close: () => touch("close the client"),
  run: async (id, { client }) => {
    touch("call");
    if (++calls % 4 === 0) throw new EffectFailure({ error: "timeout", message: "late", detail: undefined });
    return id + client.base;
  },
});

const connector = {
  guarantee: "idempotent",
  describe: () => "connector",
  open: () => {
    touch("open");
    return {
      write: () => touch("write"),
      flush: () => touch("flush"),
      drain: () => touch("drain"),
      close: () => touch("close"),
    };
  },
};

export default flow("outside", (f) => {
  f.observe("lifecycle", () => touch("look at a transition"));
  const polled = f.source("polled", pages, { policies: [rateLimit({ perSecond: 1000 })] });
  const all = f.merge(polled, f.source("generated", generated), f.source("read", csvFile({ path: "in.csv" })));
  all.observe("watched", () => touch("look on"));
  const pure = all.map("pure", ({ id, name }) => {
    if (process.env.TOUCHES === "file") write("a file");
    if (process.env.TOUCHES === "socket") call();
    return { id: Number(id), name };
  });
  pure.sink("connected", connector, { policies: [retry({ attempts: 2, firstMs: 1 })] });
  pure.sink("written", csvSink({ path: "out.csv" }));
  pure
    .effectful("looked", {
      effects: { look },
      handle: async ({ id }, { effects, capture }) => [
        (await effects.look(id)).unwrapOr(-1),
        await capture("touched", () => touch("capture")),
      ],
    })
    .sink("function", async () => touch("deliver"));
});
`;

const TOUCHES = [
  ...["poll", "generate", "client", "call", "close the client", "capture", "deliver"],
  ...["open", "write", "flush", "drain", "close", "look on", "look at a transition"],
];

let folder: string;
let server: Server;
let connections = 0;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "refold-outside-")));
  await mkdir(join(folder, "node_modules", "@refold"), { recursive: true });
  await symlink(join(ROOT, "libs", "refold"), join(folder, "node_modules", "refold"), "junction");
  await symlink(join(ROOT, "libs", "adapters", "csv"), join(folder, "node_modules", "@refold", "csv"), "junction");
  const dependencies = { refold: "*", "@refold/csv": "*" };
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies }));
  await writeFile(join(folder, "outside.flow.ts"), FLOW);
  await writeFile(join(folder, "in.csv"), "id,name\n7,read\n8,read\n");
  connections = 0;
  server = createServer((socket) => {
    connections++;
    socket.on("error", () => undefined).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | string | null;
  readonly text: string;
}

async function started(
  [command, ...flags]: readonly [string, ...string[]],
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { port } = server.address() as AddressInfo;
  const env = { ...process.env, REFOLD_RUNS: "", NODE_OPTIONS: "", PORT: String(port), ...environment };
  return new Promise((resolve) => {
    const child = execFile(command, [...flags, ...argv], { cwd: folder, env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? child.signalCode, text: stdout + stderr });
    });
  });
}

const touched = (): string => readFileSync(join(folder, "touched.txt"), "utf8");

/** Records a run, and takes away what it read and wrote outside. */
async function recorded(runtime: Runtime): Promise<void> {
  const { code, text } = await started(commandOn(runtime), ["run", "outside.flow.ts"]);
  expect(code, text).toBe(0);
  // What nobody does when the run is live would prove nothing by not being done later.
  expect([...new Set(touched().trimEnd().split("\n"))].sort()).toEqual([...TOUCHES].sort());
  expect(connections).toBeGreaterThan(TOUCHES.length);
  expect(readFileSync(join(folder, "out.csv"), "utf8")).toContain("7,read");
  connections = 0;
  for (const name of ["touched.txt", "in.csv", "out.csv", "out.csv.progress"]) await rm(join(folder, name));
}

function expectUntouched(): void {
  expect(connections).toBe(0);
  for (const name of ["touched.txt", "in.csv", "out.csv", "out.csv.progress"]) {
    expect(existsSync(join(folder, name)), name).toBe(false);
  }
}

describe("a replay touches nothing outside of its run", () => {
  for (const runtime of RUNTIMES) {
    it.skipIf(!isInstalled(runtime))(`on ${runtime}: no source, effect, client, sink, observer or policy`, async () => {
      await recorded(runtime);
      for (const command of ["verify", "replay"]) {
        const { code, text } = await started(commandOn(runtime), [command, "last"]);
        expect(code, text).toBe(0);
        expectUntouched();
      }
    });
  }

  it.skipIf(!isInstalled("deno"))(
    "where it could not: with no network, no process, and no file but its own",
    async () => {
      const [deno] = commandOn("deno");
      const runs = join(folder, "runs");
      const sandbox = (write: string): [string, ...string[]] =>
        [
          ...[deno, "run", "--no-prompt", "--conditions=refold-source", "--deny-net", "--deny-run", "--deny-ffi"],
          ...["--allow-env", "--allow-sys=hostname", `--allow-read=${ROOT},${folder}`, write, MAIN],
        ] as [string, ...string[]];
      await recorded("node");
      const verified = await started(sandbox("--deny-write"), ["verify", "last"]);
      expect(verified.code, verified.text).toBe(0);
      const replayed = await started(sandbox(`--allow-write=${runs}`), ["replay", "last"]);
      expect(replayed.code, replayed.text).toBe(0);
      expectUntouched();
      // The sandbox is one: a handler that touches anything does not get away with it.
      for (const touches of ["file", "socket"]) {
        const { code, text } = await started(sandbox("--deny-write"), ["verify", "last"], { TOUCHES: touches });
        expect(code, text).not.toBe(0);
        expectUntouched();
      }
    },
  );

  it("which this would see: a handler that writes a file, or calls a server, shows", async () => {
    await recorded("node");
    await started(commandOn("node"), ["verify", "last"], { TOUCHES: "file" });
    expect(touched()).toContain("a file");
    await started(commandOn("node"), ["verify", "last"], { TOUCHES: "socket" });
    expect(connections).toBeGreaterThan(0);
  });
});
