/** An open segment that is being written, front to back. */
export interface SegmentFile {
  /** Writes all of it at the end; resolves when it is written, and synced if the file was opened so. One at a time. */
  append(bytes: Uint8Array): Promise<void>;
  /** The same, and the thread waits. */
  appendNow(bytes: Uint8Array): void;
  close(): void;
}

/** How segments are opened for writing: the one thing in which the runtimes differ. */
export interface SegmentFiles {
  /** Makes the file; throws when it exists. With `synced`, every write to it is on the device when it completes. */
  create(path: string, synced: boolean): SegmentFile;
  /** Goes on at `offset`, the end of the file. */
  extend(path: string, offset: number, synced: boolean): SegmentFile;
}
