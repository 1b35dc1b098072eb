import type { FileHandle } from "node:fs/promises";

const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The number of the line, from 1, that holds the byte, or that follows the blank ones that begin there. The file is read from
 * its beginning: that costs time where something is wrong, and keeps lines out of cursors.
 */
export async function lineAt(file: FileHandle, byte: number): Promise<number> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  let line = 1;
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return line;
    for (let i = 0; i < bytesRead; i++) {
      const isLineFeed = chunk[i] === LINE_FEED;
      if (position + i >= byte && !isLineFeed && chunk[i] !== CARRIAGE_RETURN) return line;
      if (isLineFeed) line++;
    }
    position += bytesRead;
  }
}
