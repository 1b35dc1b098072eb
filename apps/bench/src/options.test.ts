import { expect, it } from "vitest";
import { parseOptions } from "./options.ts";

const BENCHES = ["pipeline", "append", "replay"];

it("takes every bench and runtime unless some are named, in their own order", () => {
  expect(parseOptions([], BENCHES)).toMatchObject({
    only: BENCHES,
    runtimes: ["node", "bun", "deno"],
    scale: "full",
    runs: 5,
  });
  const some = parseOptions(
    ["--only", "replay,pipeline", "--runtime", "deno", "--runtime", "node", "--quick"],
    BENCHES,
  );
  expect(some).toMatchObject({ only: ["pipeline", "replay"], runtimes: ["node", "deno"], scale: "quick", runs: 3 });
});

it("names what it does not know", () => {
  expect(() => parseOptions(["--only", "pipelines"], BENCHES)).toThrow(
    "--only takes pipeline, append, replay, not pipelines",
  );
  expect(() => parseOptions(["--runs", "0"], BENCHES)).toThrow("--runs takes a whole number from 1, not 0");
  expect(() => parseOptions(["--fast"], BENCHES)).toThrow("--fast");
});
