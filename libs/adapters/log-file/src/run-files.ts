import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import type { RunFiles } from "./segment-files.ts";

/** {@link RunFiles} by `node:fs/promises`, for all runtimes. */
export const runFiles: RunFiles = {
  async write(path, content) {
    const file = await open(path, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  move: rename,
  remove: (path) => rm(path, { force: true }),
  makeDirectory: async (path) => void (await mkdir(path, { recursive: true })),
  async sync(path) {
    const isDirectory = (await stat(path)).isDirectory();
    // Windows neither needs nor allows it for directories.
    if (isDirectory && process.platform === "win32") return;
    const file = await open(path, isDirectory ? "r" : "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  },
};

/** Writes a file whole or not at all: beside it first, under the name that it then gets. */
export async function writeWhole(files: RunFiles, path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  try {
    await files.write(beside, content);
    await files.move(beside, path);
  } catch (cause) {
    await removeLeftover(files, beside);
    throw cause;
  }
  await files.sync(dirname(path));
}

/** Removes what is of no use to anybody. Where that fails, it stays. */
export async function removeLeftover(files: RunFiles, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch {
    // It takes up room, and does no other harm.
  }
}
