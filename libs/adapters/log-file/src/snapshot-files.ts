import type { Lsn, StoredSnapshot } from "@refold/core";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { crc32 } from "./crc32.ts";
import type { RunFiles } from "./segment-files.ts";
import { removeLeftover, writeWhole } from "./run-files.ts";
import { isSystemError } from "./storage-fault.ts";
import { readUint64, writeUint64 } from "./uint64.ts";

/** Where the snapshots of a run are, in its directory. */
const SNAPSHOTS = "snapshots";
const KEPT = 2;
const WHOLE = /^\d{16}\.snapshot$/;
/** As `writeWhole` writes it first. */
const UNFINISHED = /^\d{16}\.snapshot\.new$/;

/** `REFOLDS` and the version of the form. Its fields: docs/format.md. */
const MAGIC: Uint8Array = Uint8Array.of(0x52, 0x45, 0x46, 0x4f, 0x4c, 0x44, 0x53, 0x01);
const HEADER_BYTES = 20;
const AT = { magic: 0, lsn: 8, crc: 16 } as const;

/** Keeps a snapshot, and the one before it. Throws what the file system throws. */
export async function writeSnapshot(files: RunFiles, directory: string, { lsn, body }: StoredSnapshot): Promise<void> {
  const folder = join(directory, SNAPSHOTS);
  await files.makeDirectory(folder);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes.set(MAGIC, AT.magic);
  const view = new DataView(bytes.buffer);
  writeUint64(view, AT.lsn, lsn);
  bytes.set(body, HEADER_BYTES);
  view.setUint32(AT.crc, checkOf(bytes));
  await writeWhole(files, join(folder, nameOf(lsn)), bytes);
  for (const old of (await listSnapshots(directory)).slice(0, -KEPT)) await files.remove(join(folder, nameOf(old)));
}

/** The newest that is whole, of those from before a frame. Throws what the file system throws. */
export async function readSnapshot(directory: string, before: number): Promise<StoredSnapshot | undefined> {
  const lsns = (await listSnapshots(directory)).filter((lsn) => lsn < before);
  for (const lsn of lsns.reverse()) {
    const snapshot = await readWhole(join(directory, SNAPSHOTS, nameOf(lsn)));
    if (snapshot?.lsn === lsn) return snapshot;
  }
  return undefined;
}

/**
 * Removes those of what came after the end of the log, which was lost, and those that a writer was killed in the middle of. Only
 * for who holds the run for writing.
 */
export async function removeSnapshotsAfter(files: RunFiles, directory: string, end: number): Promise<void> {
  const names = await listFolder(directory);
  for (const lsn of snapshotsAmong(names)) {
    if (lsn > end) await files.remove(join(directory, SNAPSHOTS, nameOf(lsn)));
  }
  for (const name of names) {
    if (UNFINISHED.test(name)) await removeLeftover(files, join(directory, SNAPSHOTS, name));
  }
}

async function readWhole(path: string): Promise<StoredSnapshot | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    // The writer has kept a newer one meanwhile.
    if (isSystemError(cause, "ENOENT")) return undefined;
    throw cause;
  }
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(AT.crc) !== checkOf(bytes)) return undefined;
  return {
    lsn: readUint64(view, AT.lsn) as Lsn,
    body: new Uint8Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, bytes.length - HEADER_BYTES),
  };
}

/** Over the lsn and the body. */
function checkOf(bytes: Uint8Array): number {
  const lsn = crc32(bytes, AT.lsn, AT.crc);
  return (lsn ^ crc32(bytes, HEADER_BYTES, bytes.length)) >>> 0;
}

async function listSnapshots(directory: string): Promise<number[]> {
  return snapshotsAmong(await listFolder(directory));
}

async function listFolder(directory: string): Promise<string[]> {
  try {
    return await readdir(join(directory, SNAPSHOTS));
  } catch (cause) {
    if (isSystemError(cause, "ENOENT") || isSystemError(cause, "ENOTDIR")) return [];
    throw cause;
  }
}

/** Oldest first. What has another name is not a snapshot. */
function snapshotsAmong(names: readonly string[]): number[] {
  return names.flatMap((name) => (WHOLE.test(name) ? [Number.parseInt(name, 10)] : [])).sort((a, b) => a - b);
}

function nameOf(lsn: number): string {
  return `${String(lsn).padStart(16, "0")}.snapshot`;
}
