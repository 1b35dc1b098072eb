import { Writable } from "node:stream";
import { expect, it } from "vitest";

import { StreamOutput } from "./stream-output.ts";

const brokenPipe = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });

it("asks to wait while the stream is full, and no longer than that", async () => {
  const taken: string[] = [];
  let done: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark: 4,
    decodeStrings: false,
    write(text: string, _encoding, taking) {
      taken.push(text);
      done = taking;
    },
  });
  const output = new StreamOutput(stream);
  expect(output.write("abc")).toBeUndefined();
  const room = output.write("def");
  expect(room).toBeInstanceOf(Promise);
  done?.();
  done?.();
  await room;
  const flushed = output.flush();
  done?.();
  await flushed;
  expect(taken.join("")).toBe("abcdef");
});

it("falls silent when its reader has gone, and lets go of those who wait", async () => {
  let fail: ((cause: Error) => void) | undefined;
  const stream = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, taking) {
      fail = taking;
    },
  });
  const output = new StreamOutput(stream);
  const room = output.write("more than there is room for");
  fail?.(brokenPipe);
  await room;
  expect(output.closed).toBe(true);
  expect(output.write("more")).toBeUndefined();
  await output.flush();
});

const fullDisk = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });

it("keeps what the system said when it refuses a write, and lets go of all who wait", async () => {
  let fail: ((cause: Error) => void) | undefined;
  const stream = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, taking) {
      fail = taking;
    },
  });
  const output = new StreamOutput(stream);
  const first = output.write("more than there is room for");
  const second = output.write("and more");
  const flushed = output.flush();
  fail?.(fullDisk);
  await first;
  await second;
  await flushed;
  expect(output).toMatchObject({ closed: true, failure: "ENOSPC: no space left on device, write" });
});

it("names the error where the runtime's words do not", async () => {
  const output = new StreamOutput({
    write: () => {
      throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
    },
    once: () => undefined,
    on: () => undefined,
  });
  expect(output.write("text")).toBeUndefined();
  expect(output).toMatchObject({ closed: true, failure: "ENOSPC: No space left on device (os error 28)" });
  await output.flush();
});

it("falls silent where the runtime throws instead", async () => {
  const output = new StreamOutput({
    write: () => {
      throw brokenPipe;
    },
    once: () => undefined,
    on: () => undefined,
  });
  expect(output.write("text")).toBeUndefined();
  expect(output).toMatchObject({ closed: true, failure: undefined });
  await output.flush();
});

it("goes around a `write` that replaces the stream's own", () => {
  const taken: string[] = [];
  const stream = { write: (text: string) => taken.push(text) > 0, once: () => undefined, on: () => undefined };
  const output = new StreamOutput(stream);
  stream.write = () => {
    throw new Error("the flow's prints go here");
  };
  void output.write("mine");
  expect(taken).toEqual(["mine"]);
});

it("knows no width where the terminal says 0", () => {
  const stream = { columns: 0, write: () => true, once: () => undefined, on: () => undefined };
  expect(new StreamOutput(stream).columns).toBeUndefined();
});
