import { expect, it } from "vitest";
import { runnableFences } from "./fences.ts";

it("finds the ts fences, and leaves out other languages and those marked ignore", () => {
  const text = [
    "# Title",
    "```ts",
    "one();",
    "",
    "two();",
    "```",
    "```sh",
    "ls",
    "```",
    "```ts ignore",
    "no();",
    "```",
  ];
  expect(runnableFences(text.join("\n"))).toEqual([{ number: 1, line: 2, code: "one();\n\ntwo();\n" }]);
});

it("takes a fence within a longer fence for text", () => {
  expect(runnableFences("````md\n```ts\nno();\n```\n````\n```ts\nyes();\n```\n")).toEqual([
    { number: 1, line: 6, code: "yes();\n" },
  ]);
});
