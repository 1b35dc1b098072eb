import { readFileSync } from "node:fs";
import { hostname } from "node:os";

import { isSystemError } from "./storage-fault.ts";

/** A process, so described that another with the same number is not mistaken for it. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  /** The id of the boot of the system; known on Linux. */
  readonly boot: string | undefined;
  /** When the process started, in clock ticks since the boot; known on Linux. */
  readonly started: string | undefined;
}

export function thisProcess(): LockHolder {
  return { host: hostname(), pid: process.pid, boot: bootId(), started: processState(process.pid)?.started };
}

/** Whether the holder may still be at work. A holder on another host always may. */
export function isAlive(holder: LockHolder): boolean {
  if (holder.host !== hostname()) return true;
  const boot = bootId();
  if (boot !== undefined && holder.boot !== undefined && boot !== holder.boot) return false;
  // The state first: a process that ends and is reaped between two looks must not count as alive for lack of a state.
  const state = processState(holder.pid);
  if (state !== undefined) return !state.ended && (holder.started === undefined || holder.started === state.started);
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    // Any other error, such as a lack of permission, shows that there is one.
    if (isSystemError(cause, "ESRCH")) return false;
  }
  return true;
}

function bootId(): string | undefined {
  return readKernelFile("/proc/sys/kernel/random/boot_id")?.trim();
}

function processState(pid: number): { readonly ended: boolean; readonly started: string | undefined } | undefined {
  const stat = readKernelFile(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may hold anything; the third is the state, the 22nd the start time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { ended: fields[0] === "Z" || fields[0] === "X", started: fields[19] };
}

function readKernelFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
