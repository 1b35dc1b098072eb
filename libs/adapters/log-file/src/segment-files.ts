/** An open segment that is being written, front to back. */
export interface SegmentFile {
  /** Writes all of it at the end; resolves when it is written, and synced if the file was opened so. One at a time. */
  append(bytes: Uint8Array): Promise<void>;
  /** The same, and the thread waits. */
  appendNow(bytes: Uint8Array): void;
  close(): void;
}

/** How segments are opened for writing: in this the runtimes differ. */
export interface SegmentOpener {
  /** Makes the file; throws when it exists. With `synced`, every write to it is on the device when it completes. */
  create(path: string, synced: boolean): SegmentFile;
  /** Goes on at `offset`, the end of the file. */
  extend(path: string, offset: number, synced: boolean): SegmentFile;
}

/** What else is done to the files of a run that is being written. None of it holds the calling thread. */
export interface RunFiles {
  /** Makes or replaces a file, whose content is then on the device. Its name is when its directory is synced. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Gives a file another name on the same file system, in place of any file of that name. */
  move(from: string, to: string): Promise<void>;
  /** A file that is not there is none that could not be removed. */
  remove(path: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  /** Brings to the device what was written to a file; of a directory, the names in it. */
  sync(path: string): Promise<void>;
}

/** Everything that a writer does to the files of its run. */
export interface SegmentFiles extends SegmentOpener, RunFiles {}
