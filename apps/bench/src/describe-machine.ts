import { existsSync, readFileSync, realpathSync } from "node:fs";
import { availableParallelism, cpus, platform, release, totalmem, arch } from "node:os";

/** What the figures were measured on. */
export interface MachineDescription {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  /** The type of the file system below the logs, where it can be told. */
  readonly fileSystem: string;
}

export function describeMachine(scratch: string): MachineDescription {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${release()} ${arch()}`,
    fileSystem: fileSystemOf(scratch),
  };
}

/** By the longest mount point that the path begins with. Only Linux lists them in a file. */
function fileSystemOf(path: string): string {
  const mounts = "/proc/self/mounts";
  if (!existsSync(mounts)) return "unknown";
  const real = `${realpathSync(path)}/`;
  const [longest] = readFileSync(mounts, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([, point = "", type = "unknown"]) => ({ point: point.endsWith("/") ? point : `${point}/`, type }))
    .filter(({ point }) => real.startsWith(point))
    .sort((a, b) => b.point.length - a.point.length);
  return longest?.type ?? "unknown";
}
