import type { TextOutput } from "./text-output.ts";

type SystemError = Error & { readonly code?: string };

/** What of a standard stream of the process is used. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, done?: () => void): boolean;
  once(event: "drain" | "close", listener: () => void): unknown;
  on(event: "error", listener: (cause: SystemError) => void): unknown;
}

/** A standard stream of the process. When it takes nothing more, it falls silent instead of ending the process. */
export class StreamOutput implements TextOutput {
  readonly #stream: Stream;
  readonly #write: (text: string, done?: () => void) => boolean;
  readonly #waiting = new Set<() => void>();
  #closed = false;
  #failure: string | undefined;

  constructor(stream: Stream) {
    this.#stream = stream;
    // The stream's `write` may be replaced while a flow runs; this output goes around it.
    this.#write = stream.write.bind(stream);
    stream.on("error", (cause) => this.#fail(cause));
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

  get failure(): string | undefined {
    return this.#failure;
  }

  write(text: string): Promise<void> | undefined {
    if (this.#closed || this.#attempt(text)) return undefined;
    return this.#until((resolve) => void this.#stream.once("drain", resolve));
  }

  flush(): Promise<void> {
    return this.#until((resolve) => void this.#attempt("", resolve));
  }

  /** Resolves when `begin` says so, or nothing can be written any more. */
  #until(begin: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
      if (this.#closed) done();
      else begin(done);
    });
  }

  /** Some runtimes throw where others emit an error. */
  #attempt(text: string, done?: () => void): boolean {
    try {
      return this.#write(text, done);
    } catch (cause) {
      this.#fail(cause as SystemError);
      return true;
    }
  }

  /** The first error counts; those that follow tell only that the stream is closed by now. */
  #fail(cause: SystemError): void {
    if (this.#closed) return;
    this.#closed = true;
    if (cause.code !== "EPIPE") this.#failure = textOf(cause);
    for (const release of this.#waiting) release();
  }
}

function textOf({ code, message }: SystemError): string {
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}
