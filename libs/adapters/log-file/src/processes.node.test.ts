import type { Lsn, RunReader } from "@refold/core";
import { sampleManifest, sampleRunId } from "@refold/testkit";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { fileStore } from "./file-store.ts";
import { isAlive, thisProcess } from "./lock-holder.ts";

/** What a child program begins with. Programs are run from this package's folder, so that its imports resolve. */
const PRELUDE = `
  import { fileStore } from "@refold/log-file";
  import { sampleFrame, sampleManifest, sampleRunId, sampleSeal } from "@refold/testkit";
  const directory = process.argv[1];
  const store = fileStore({ directory, segmentBytes: 20_000 });
  const valueOf = (result) => result._unsafeUnwrap();
  const say = (text) => process.stdout.write(text + "\\n");
`;

let directory: string;
let children: ChildProcess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-processes-"));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

function run(program: string, where = directory): ChildProcess {
  const flags = ["--conditions=refold-source", "--import", "tsx", "--input-type=module", "--eval", PRELUDE + program];
  const child = spawn(process.execPath, [...flags, "--", where], {
    cwd: join(import.meta.dirname, ".."),
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

function lines(child: ChildProcess): AsyncIterableIterator<string> {
  return createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
}

async function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  return code ?? signal;
}

async function lsns(reader: RunReader): Promise<number[]> {
  const read: number[] = [];
  for await (const batch of reader.read(0 as Lsn)) read.push(...batch._unsafeUnwrap().map((frame) => frame.lsn));
  return read;
}

describe("a writer that is killed while it appends", () => {
  it("leaves all that it was told is safe, and a run that can be resumed, again and again", async () => {
    await (await fileStore({ directory }).create(sampleManifest(1)))._unsafeUnwrap().close();
    let frames = 0;
    for (let round = 0; round < 5; round++) {
      const child = run(`
        const log = valueOf(await store.resume(sampleRunId(1)));
        let held = 0;
        for (let n = 0; ; n++) {
          const position = valueOf(log.append(sampleFrame(1, n, { n, text: "x".repeat((n * 37) % 5000) })));
          void log.whenSafe(position).then((safe) => { valueOf(safe); say(String(position)); });
          await (log.room() ?? (n % 20 === 0 ? new Promise((next) => setImmediate(next)) : undefined));
        }
      `);
      let safe = 0;
      for await (const line of lines(child)) {
        safe = Number(line);
        if (safe > 50 + round * 100) break;
      }
      const refused = await fileStore({ directory }).resume(sampleRunId(1));
      expect(refused._unsafeUnwrapErr()).toMatchObject({
        kind: "locked",
        holder: expect.stringContaining(`process ${child.pid}`) as string,
      });
      child.kill("SIGKILL");
      await ended(child);

      const reader = (await fileStore({ directory }).open(sampleRunId(1)))._unsafeUnwrap();
      expect(reader.writing).toBe(false);
      const log = (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap();
      const read = await lsns(log);
      expect(read).toEqual(read.map((_, index) => index));
      expect(read.length).toBeGreaterThanOrEqual(frames + safe);
      frames = read.length;
      await log.close();
    }
  }, 60_000);
});

describe("following another process", () => {
  it("shows every frame up to the seal", async () => {
    const child = run(`
      const log = valueOf(await store.create(sampleManifest(1)));
      say("created");
      for await (const _ of process.stdin) break;
      for (let n = 0; n < 500; n++) {
        const position = valueOf(log.append(sampleFrame(1, n, "x".repeat(n))));
        if (n % 7 === 0) valueOf(await log.whenSafe(position));
      }
      valueOf(log.append(sampleSeal(0, 500, log.digest())));
      await log.close();
      process.stdin.destroy();
    `);
    await lines(child).next();
    const reader = (await fileStore({ directory }).open(sampleRunId(1)))._unsafeUnwrap();
    expect(reader.writing).toBe(true);
    child.stdin?.write("go\n");
    const shown: number[] = [];
    for await (const batch of reader.follow(0 as Lsn)) shown.push(...batch._unsafeUnwrap().map((frame) => frame.lsn));
    expect(shown).toEqual(Array.from({ length: 501 }, (_, n) => n));
    expect(await ended(child)).toBe(0);
  }, 30_000);
});

describe("the lock", () => {
  it("is held by one at a time, though its holders die and all want it at once", async () => {
    await (await fileStore({ directory }).create(sampleManifest(1)))._unsafeUnwrap().close();
    const place = join(directory, "orders", sampleRunId(1));
    // Each child takes the lock when it can and marks that it is within. A mark that is there already is that of a child that
    // died within, or shows that two were within at once.
    const program = `
      import { readFileSync, rmSync, writeFileSync } from "node:fs";
      import { isLocked, takeLock } from "${join(import.meta.dirname, "writer-lock.ts")}";
      import { isAlive, thisProcess } from "${join(import.meta.dirname, "lock-holder.ts")}";
      const place = process.argv[1];
      const mark = place + ".within";
      const random = (n) => Math.floor(Math.random() * n);
      let taken = 0;
      say("ready");
      let diesAt = 0;
      for await (const line of process.stdin) { diesAt = Number(line); break; }
      while (taken < 40) {
        const lock = takeLock(place);
        if (isLocked(lock)) { await new Promise((next) => setImmediate(next)); continue; }
        let before;
        try { before = JSON.parse(readFileSync(mark, "utf8")); } catch {}
        if (before !== undefined && isAlive(before)) { say("TWO AT ONCE"); process.exit(1); }
        writeFileSync(mark, JSON.stringify(thisProcess()));
        taken++;
        for (let n = random(3); n > 0; n--) await new Promise((next) => setImmediate(next));
        if (taken === diesAt) { await new Promise((next) => setImmediate(next)); process.kill(process.pid, "SIGKILL"); }
        rmSync(mark);
        lock.release();
      }
      process.stdin.destroy();
    `;
    const contenders = Array.from({ length: 6 }, () => run(program, place));
    const outputs = contenders.map(lines);
    for (const output of outputs) expect((await output.next()).value).toBe("ready");
    for (const [index, child] of contenders.entries()) child.stdin?.write(`${index * 5}\n`);
    const said: string[] = [];
    await Promise.all(
      outputs.map(async (output) => {
        for await (const line of output) said.push(line);
      }),
    );
    const ends = await Promise.all(contenders.map(ended));
    expect(said).not.toContain("TWO AT ONCE");
    expect(ends).toEqual([0, "SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL"]);
    // Whoever held it last is dead or gave it back.
    await (await fileStore({ directory }).resume(sampleRunId(1)))._unsafeUnwrap().close();
    expect(existsSync(join(place, "LOCK"))).toBe(false);
  }, 60_000);
});

describe("isAlive", () => {
  it("never takes a process for alive that it saw dead before, while its parent collects it", async () => {
    // The shell collects each child some moments after it ended: it is looked at all the while.
    const shell = spawn("sh", ["-c", "while read next; do sleep 0.005 & echo $!; wait; done"], { stdio: "pipe" });
    children.push(shell);
    const pids = lines(shell);
    let seenDead = 0;
    for (let n = 0; n < 60; n++) {
      shell.stdin.write("next\n");
      const holder = { ...thisProcess(), pid: Number((await pids.next()).value), started: undefined };
      let dead = false;
      for (const end = performance.now() + 15; performance.now() < end;) {
        const alive = isAlive(holder);
        expect(dead && alive).toBe(false);
        dead ||= !alive;
      }
      if (dead) seenDead++;
    }
    expect(seenDead).toBeGreaterThan(0);
  }, 30_000);
});

describe("a process that has closed its logs and readers", () => {
  it("ends by itself", async () => {
    const child = run(`
      const log = valueOf(await store.create(sampleManifest(1)));
      const reader = valueOf(await store.open(sampleRunId(1)));
      const left = reader.follow(0)[Symbol.asyncIterator]();
      const waiting = reader.follow(0)[Symbol.asyncIterator]();
      valueOf(log.append(sampleFrame(1, 0, "a")));
      await left.next();
      await left.return();
      await waiting.next();
      const pending = waiting.next();
      valueOf(log.append(sampleFrame(1, 1, "b")));
      for await (const batch of log.read(0)) valueOf(batch);
      await reader.close();
      await log.close();
      await pending;
    `);
    expect(await ended(child)).toBe(0);
    expect(readFileSync(join(directory, "orders", sampleRunId(1), "manifest.json"), "utf8")).toContain("orders");
  }, 30_000);
});
