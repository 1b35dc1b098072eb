/** Where the runtime tells people what is not worth a record. */
export interface Logger {
  warn(message: string, detail?: Readonly<Record<string, unknown>>): void;
  error(message: string, detail?: Readonly<Record<string, unknown>>): void;
}
