import { expect, it } from "vitest";

import { divertPrints } from "./divert-prints.ts";

it("takes what is printed through the console and through the stream, until it is told to let go", () => {
  const printing = (): unknown[] => [Reflect.get(console, "log"), Reflect.get(process.stdout, "write")];
  const before = printing();
  const taken: string[] = [];
  const restore = divertPrints((text) => taken.push(text));
  try {
    console.log("rows: %d", 3);
    console.table([{ a: 1 }]);
    process.stdout.write("text");
    process.stdout.write(new TextEncoder().encode("bytes é"));
  } finally {
    restore();
  }
  expect(taken[0]).toBe("rows: 3\n");
  expect(taken[1]).toMatch(/│ *0 *│ *1 *│/);
  expect(taken.slice(2)).toEqual(["text", "bytes é"]);
  const after = printing();
  expect(after.map((method, index) => method === before[index])).toEqual([true, true]);
});

it("lets a writer that waits for its text to be out go on", async () => {
  const restore = divertPrints(() => undefined);
  try {
    await new Promise<void>((resolve) => process.stdout.write("text", () => resolve()));
    await new Promise<void>((resolve) => process.stdout.write("text", "utf8", () => resolve()));
  } finally {
    restore();
  }
});
