import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";

import { isAlive, thisProcess, type LockHolder } from "./lock-holder.ts";
import { isSystemError } from "./storage-fault.ts";

const LOCK = "LOCK";
/** How often a race may be lost, and how many takers in a row may have died while they took over. */
const MAX_ATTEMPTS = 64;
const MAX_DEPTH = 8;

/** Who holds a lock, as people read it. */
export interface Locked {
  readonly holder: string;
}

export interface WriterLock {
  release(): void;
}

interface LockFile {
  readonly token: string;
  readonly holder: LockHolder;
}

/**
 * One writer per run, across processes, on any file system with hard links. Node has no call for a lock that the kernel
 * drops with its process, so `LOCK` names its holder, and the lock of a dead holder is taken over:
 *
 * 1. A contender writes what it would put into `LOCK` to a file of its own and syncs it. `link` then makes it the lock, whole
 *    or not at all, and fails when there is one.
 * 2. When there is one, its holder is alive, or on another host: refused. Else the holder is dead. Its token, which is new
 *    each time a lock is taken, names the right to succeed it: whoever holds the lock `LOCK.after.<token>`, taken in the
 *    same way, is the only one that may replace the dead holder's file.
 * 3. With that right held, the contender looks at `LOCK` again. Still the dead holder's: it renames its own file over it and
 *    has the lock. Another's, or none: someone succeeded before, and it begins anew.
 * 4. The right is given back by removing its file. If its holder died, it is itself succeeded by these rules.
 *
 * A contender that was slow between looking and acting thus finds the token changed and harms nobody. A living holder's file
 * is only removed by itself.
 */
export function takeLock(directory: string): WriterLock | Locked {
  const taking = stepsToTake(directory, { self: thisProcess(), isAlive, write: writeSynced });
  for (;;) {
    const step = taking.next();
    if (step.done === true) return step.value;
  }
}

/** Who takes a lock, and how it tells whether another is alive. */
export interface Contender {
  readonly self: LockHolder;
  readonly isAlive: (holder: LockHolder) => boolean;
  /** Makes a file that outlives a power failure. */
  readonly write: (path: string, text: string) => void;
}

/** {@link takeLock}, stopping before each step that others can see or that sees others: a test interleaves them. */
export function stepsToTake(directory: string, contender: Contender): Generator<void, WriterLock | Locked> {
  const base = join(directory, LOCK);
  return take(base, base, contender, 0);
}

/** The holder of the run, when it is alive or cannot be told. */
export function lockHolder(directory: string): string | undefined {
  const found = readLock(join(directory, LOCK));
  if (found === undefined) return undefined;
  return found === "unreadable" ? UNREADABLE : isAlive(found.holder) ? describe(found.holder) : undefined;
}

export function isLocked(result: WriterLock | Locked): result is Locked {
  return "holder" in result;
}

const UNREADABLE = "unknown: the LOCK file cannot be read; remove it if no process writes the run";

function* take(path: string, base: string, contender: Contender, depth: number): Generator<void, WriterLock | Locked> {
  const token = randomUUID();
  const own = `${base}.${token}`;
  contender.write(own, JSON.stringify({ token, ...contender.self }));
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      yield;
      if (linked(own, path)) return { release: () => release(path, token) };
      yield;
      const found = readLock(path);
      if (found === undefined) continue;
      if (found === "unreadable") return { holder: UNREADABLE };
      if (contender.isAlive(found.holder) || depth === MAX_DEPTH) return { holder: describe(found.holder) };
      const right = yield* take(`${base}.after.${found.token}`, base, contender, depth + 1);
      if (isLocked(right)) return right;
      yield;
      const again = readLock(path);
      const still = again !== undefined && again !== "unreadable" && again.token === found.token;
      if (still) {
        yield;
        renameSync(own, path);
      }
      yield;
      right.release();
      if (still) return { release: () => release(path, token) };
    }
    return { holder: "unknown: others keep taking and giving back the lock" };
  } finally {
    removeIfThere(own);
  }
}

function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (cause) {
    if (isSystemError(cause, "EEXIST")) return false;
    throw cause;
  }
}

/**
 * Only our own: if the lock is not ours any more, someone removed it by hand. Where it cannot be removed, because the disk
 * became read-only, it names a process that will be dead.
 */
function release(path: string, token: string): void {
  try {
    const found = readLock(path);
    if (found !== undefined && found !== "unreadable" && found.token === token) unlinkSync(path);
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
  }
}

function readLock(path: string): LockFile | "unreadable" | undefined {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return undefined;
    if (cause instanceof SyntaxError) return "unreadable";
    throw cause;
  }
  if (typeof json !== "object" || json === null) return "unreadable";
  const { token, host, pid, boot, started } = json as Readonly<Record<string, unknown>>;
  if (typeof token !== "string" || !/^[0-9a-f-]{36}$/.test(token)) return "unreadable";
  if (typeof host !== "string" || !Number.isSafeInteger(pid) || (pid as number) <= 0) return "unreadable";
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  return { token, holder: { host, pid: pid as number, boot: text(boot), started: text(started) } };
}

function describe({ pid, host }: LockHolder): string {
  return `process ${pid} on host ${host}`;
}

function writeSynced(path: string, text: string): void {
  const descriptor = openSync(path, "wx");
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT")) throw cause;
  }
}
