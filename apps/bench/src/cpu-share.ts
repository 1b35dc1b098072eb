import { pauseFor } from "./standing-still.ts";

/** How much of one core the process takes while nobody asks anything of it, in percent: all its threads together. */
export async function cpuShare(forMs: number): Promise<number> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  await pauseFor(forMs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10 / (performance.now() - startedMs);
}
