import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { WebSocket } from "undici";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

// Each test starts processes, which takes its time on a machine with other work.
vi.setConfig({ testTimeout: 60_000 });

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TSX = fileURLToPath(import.meta.resolve("tsx"));

const FLOW = `import { flow } from "refold";
export default flow("numbers", (f) => {
  f.source("numbers", [10, 20, 30])
    .map("doubled", (n) => { console.error("handling", n); return 2 * n; })
    .sink("out", () => undefined);
});
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "refold-break-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(join(ROOT, "libs", "refold"), join(folder, "node_modules", "refold"), "junction");
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(folder, "numbers.flow.ts"), FLOW);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The command in a process of its own. `heard` sees what it says on standard error, and all of it so far. */
async function refold(
  argv: readonly string[],
  heard: (stderr: string) => void = () => undefined,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  // A port that nobody else on the machine asks for.
  const ownPort = "--inspect-port=0";
  const child = spawn(process.execPath, [ownPort, "--conditions=refold-source", "--import", TSX, MAIN, ...argv], {
    cwd: folder,
    env: { ...process.env, REFOLD_RUNS: "", NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text.stderr += chunk;
    heard(text.stderr);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...text };
}

interface CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
}
type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly reason?: string; readonly callFrames?: readonly CallFrame[] };
  readonly result?: { readonly result?: { readonly value?: unknown } };
};

/** A debugger at the other end of the protocol: https://chromedevtools.github.io/devtools-protocol/ */
class RemoteDebugger {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (message: Message) => void>();
  #paused: ((message: Message) => void) | undefined;
  #next = 1;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id !== undefined) this.#answers.get(message.id)?.(message);
      else if (message.method === "Debugger.paused") this.#paused?.(message);
    });
  }

  static async attach(url: string): Promise<RemoteDebugger> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error(`nobody answers at ${url}`)));
    });
    return new RemoteDebugger(socket);
  }

  ask(method: string, params: object = {}): Promise<Message> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Lets the process go on that waits for a debugger, until it stops by itself. */
  async untilStopped(): Promise<CallFrame> {
    const stopped = new Promise<Message>((resolve) => (this.#paused = resolve));
    await this.ask("Runtime.enable");
    await this.ask("Debugger.enable");
    await this.ask("Runtime.runIfWaitingForDebugger");
    const [top] = (await stopped).params?.callFrames ?? [];
    return top as CallFrame;
  }

  async evaluate(expression: string, { callFrameId }: CallFrame): Promise<unknown> {
    const answer = await this.ask("Debugger.evaluateOnCallFrame", { callFrameId, expression, returnByValue: true });
    return answer.result?.result?.value;
  }

  close(): void {
    this.#socket.close();
  }
}

it("opens the inspector at the input, waits for a debugger, and stops it before the handler is called", async () => {
  expect((await refold(["run", "numbers.flow.ts"])).code).toBe(0);
  const log = await refold(["log", "last", "--stage", "numbers", "--type", "numbers", "--json"]);
  const [, second = ""] = log.stdout.trim().split("\n");
  const { place } = JSON.parse(second) as { readonly place: string };

  const seen: { reached?: unknown; function?: string; handled?: readonly string[] } = {};
  let attached: Promise<void> | undefined;
  const debug = async (url: string, said: () => string): Promise<void> => {
    const remote = await RemoteDebugger.attach(url);
    const top = await remote.untilStopped();
    seen.function = top.functionName;
    seen.reached = await remote.evaluate("reached", top);
    seen.handled = said().match(/handling \d+/g) ?? [];
    await remote.ask("Debugger.resume");
    remote.close();
  };
  let said = "";
  const ended = await refold(
    ["verify", "last", "--stage", "doubled", "--inspect-brk", "--break-at", place],
    (stderr) => {
      said = stderr;
      const [, url] = /attach to (ws:\S+),/.exec(stderr) ?? [];
      if (url !== undefined) attached ??= debug(url, () => said);
    },
  );
  await attached;
  expect(seen).toEqual({
    function: "stopInDebugger",
    reached: { stage: "doubled", place, input: 20 },
    handled: ["handling 10"],
  });
  expect(ended.stderr).toContain(`Stage doubled is about to take ${place}.`);
  expect(ended.stderr.match(/handling \d+/g)).toEqual(["handling 10", "handling 20", "handling 30"]);
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^matched/m) as string });
});
