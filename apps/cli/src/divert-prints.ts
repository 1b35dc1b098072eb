import { Console } from "node:console";
import { Writable } from "node:stream";

type Chunk = string | Uint8Array;

/** What of `console` writes to standard output. */
const PRINTING = [
  "log",
  "info",
  "debug",
  "table",
  "dir",
  "dirxml",
  "group",
  "groupCollapsed",
  "timeEnd",
  "count",
] as const;

/**
 * Hands whatever is printed on standard output to `receive`, together with the way it would have gone. On Bun and
 * Deno `console` does not go through `process.stdout`, so both are diverted.
 */
export function divertPrints(receive: (text: string, print: () => void) => void): () => void {
  const { stdout } = process;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is put back as it was, and called on its stream
  const write = stdout.write;
  const diverted = (chunk: Chunk): void => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    receive(text, () => void write.call(stdout, chunk));
  };
  stdout.write = (chunk: Chunk, encoding?: unknown, done?: unknown): boolean => {
    diverted(chunk);
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") queueMicrotask(() => (callback as () => void)());
    return true;
  };
  const restoreConsole = divertConsole(diverted);
  return () => {
    stdout.write = write;
    restoreConsole();
  };
}

function divertConsole(diverted: (chunk: Chunk) => void): () => void {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: Chunk, _encoding, done) {
      diverted(chunk);
      done();
    },
  });
  const replacement = new Console({ stdout: stream, stderr: process.stderr });
  const kept: Record<string, unknown> = {};
  for (const name of PRINTING) {
    kept[name] = Reflect.get(console, name);
    console[name] = replacement[name].bind(replacement);
  }
  return () => void Object.assign(console, kept);
}
