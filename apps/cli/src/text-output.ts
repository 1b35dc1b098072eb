/** Where a command writes text. */
export interface TextOutput {
  readonly isTerminal: boolean;
  /** The width of the terminal in characters, if it is one. */
  readonly columns: number | undefined;
  /** Whether nobody reads any more, as with `| head`, or a write was refused. What is written then is dropped. */
  readonly closed: boolean;
  /** What the system said when it refused a write. A reader that has gone is no failure. */
  readonly failure: string | undefined;
  /** Writes, and answers with a promise when it is better to wait before writing more. */
  write(text: string): Promise<void> | undefined;
  /** Resolves when all that was written is out, or is dropped. */
  flush(): Promise<void>;
}
