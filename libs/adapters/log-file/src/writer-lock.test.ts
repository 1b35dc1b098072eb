import fc from "fast-check";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { isAlive, thisProcess, type LockHolder } from "./lock-holder.ts";
import { isLocked, lockHolder, stepsToTake, takeLock, type WriterLock } from "./writer-lock.ts";

let root: string;
let directory: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "refold-lock-"));
});

afterAll(() => rmSync(root, { recursive: true }));

beforeEach(() => {
  directory = mkdtempSync(join(root, "run-"));
});

function holderOf(fields: Partial<LockHolder>): LockHolder {
  return { ...thisProcess(), ...fields };
}

function leave(holder: LockHolder): void {
  writeFileSync(join(directory, "LOCK"), JSON.stringify({ token: "0190a0b0-0000-7000-8000-000000000000", ...holder }));
}

function taken(): WriterLock {
  const lock = takeLock(directory);
  if (isLocked(lock)) throw new Error(lock.holder);
  return lock;
}

describe("takeLock", () => {
  it("refuses while the lock is held, by this process too, and leaves nothing behind when it is given back", () => {
    const lock = taken();
    expect(takeLock(directory)).toEqual({ holder: expect.stringContaining(`process ${process.pid} `) as string });
    expect(lockHolder(directory)).toContain(`process ${process.pid} `);
    lock.release();
    expect(lockHolder(directory)).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    taken().release();
  });

  it("takes over from a holder that is dead, and leaves nothing behind", () => {
    for (const dead of [holderOf({ pid: 2 ** 30 }), holderOf({ started: "1" }), holderOf({ boot: "another boot" })]) {
      leave(dead);
      expect(lockHolder(directory)).toBeUndefined();
      taken().release();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it("never takes over from another host, and names it", () => {
    leave(holderOf({ host: "elsewhere", pid: 2 ** 30 }));
    expect(takeLock(directory)).toEqual({ holder: `process ${2 ** 30} on host elsewhere` });
    expect(lockHolder(directory)).toContain("elsewhere");
  });

  it("refuses a lock it cannot read", () => {
    for (const text of ["", "{", "null", "{}", '{"token":"../../x","host":"a","pid":1}']) {
      writeFileSync(join(directory, "LOCK"), text);
      expect(takeLock(directory)).toEqual({ holder: expect.stringContaining("unknown") as string });
      expect(readFileSync(join(directory, "LOCK"), "utf8")).toBe(text);
    }
  });

  it("tells the living from the dead", () => {
    expect(isAlive(thisProcess())).toBe(true);
    expect(isAlive(holderOf({ pid: process.ppid, started: undefined }))).toBe(true);
    expect(isAlive(holderOf({ pid: process.ppid }))).toBe(process.platform !== "linux");
  });

  // Each contender takes the lock when it can, and gives it back two steps later. Which of them moves next, and when one
  // dies, is drawn. A dead contender stays where it was, with whatever files it had made.
  it("is held by one at a time, however the steps of contenders interleave and whenever they die", () => {
    const moves = fc.array(fc.record({ who: fc.nat(3), dies: fc.integer({ min: 0, max: 11 }).map((n) => n === 0) }), {
      minLength: 20,
      maxLength: 120,
    });
    fc.assert(
      fc.property(moves, (schedule) => {
        const place = mkdtempSync(join(root, "race-"));
        const dead = new Set<number>();
        const within = new Set<number>();
        let lives = 0;
        const contend = function* (pid: number): Generator<void> {
          const contender = {
            self: holderOf({ pid }),
            isAlive: (holder: LockHolder) => !dead.has(holder.pid),
            write: writeFileSync,
          };
          for (;;) {
            const lock = yield* stepsToTake(place, contender);
            if (isLocked(lock)) continue;
            within.add(pid);
            expect([...within]).toEqual([pid]);
            yield;
            yield;
            within.delete(pid);
            lock.release();
          }
        };
        const born = (): { pid: number; steps: Generator<void> } => {
          const pid = 1 + lives++;
          return { pid, steps: contend(pid) };
        };
        const contenders = [born(), born(), born(), born()];
        for (const { who, dies } of schedule) {
          const { pid, steps } = contenders[who] as ReturnType<typeof born>;
          if (dies) {
            dead.add(pid);
            within.delete(pid);
            contenders[who] = born();
          } else steps.next();
        }
        rmSync(place, { recursive: true });
      }),
      { numRuns: 400 },
    );
  });
});
