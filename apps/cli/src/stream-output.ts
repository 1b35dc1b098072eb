import type { TextOutput } from "./text-output.ts";

/** What of a standard stream of the process is used. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, done?: () => void): boolean;
  once(event: "drain" | "close", listener: () => void): unknown;
  on(event: "error", listener: (cause: Error & { code?: string }) => void): unknown;
}

/** A standard stream of the process. When its reader has gone, it falls silent instead of ending the process. */
export class StreamOutput implements TextOutput {
  readonly #stream: Stream;
  readonly #write: (text: string, done?: () => void) => boolean;
  #closed = false;
  #release: (() => void) | undefined;

  constructor(stream: Stream) {
    this.#stream = stream;
    // The stream's `write` may be replaced while a flow runs; this output goes around it.
    this.#write = stream.write.bind(stream);
    stream.on("error", (cause) => {
      if (cause.code !== "EPIPE") throw cause;
      this.#closed = true;
      this.#release?.();
    });
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number | undefined {
    // Some terminals do not know their width, and say 0.
    return this.#stream.columns === 0 ? undefined : this.#stream.columns;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(text: string): Promise<void> | undefined {
    if (this.#closed || this.#attempt(text)) return undefined;
    return new Promise((resolve) => {
      this.#release = resolve;
      this.#stream.once("drain", resolve);
    });
  }

  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#release = resolve;
      if (this.#closed) resolve();
      else this.#attempt("", resolve);
    });
  }

  /** Some runtimes throw where others emit an error. */
  #attempt(text: string, done?: () => void): boolean {
    try {
      return this.#write(text, done);
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== "EPIPE") throw cause;
      this.#closed = true;
      done?.();
      return true;
    }
  }
}
