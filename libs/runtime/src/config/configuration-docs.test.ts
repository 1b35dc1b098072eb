import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { KEY_NAMES, specOf } from "./configuration-keys.ts";
import { variableOf } from "./environment-layer.ts";
import { allowedText } from "./value-rule.ts";

const page = readFileSync(new URL("../../../../docs/configuration.md", import.meta.url), "utf8");

/** The cells of the rows whose first cell is a key or what looks like one. */
function rows(): readonly (readonly string[])[] {
  return page
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter((cells) => /^`\w+\.\w+`$/.test(cells[1] ?? ""))
    .map((cells) => cells.slice(1, -1));
}

it("lists every key as the code has it", () => {
  expect(rows()).toEqual(
    KEY_NAMES.map((key) => {
      const spec = specOf(key);
      const bearer = spec.of === "flow" ? "flow" : (spec.only ?? `${spec.of}s`);
      return [`\`${key}\``, allowedText(spec.rule), String(spec.default), bearer, spec.doc];
    }),
  );
});

it("shows variables as they are spelt", () => {
  const shown = [...page.matchAll(/REFOLD_[A-Z_]*__[A-Z_]+/g)].map(([variable]) => variable);
  expect(shown.length).toBeGreaterThan(0);
  expect(KEY_NAMES.map(variableOf)).toEqual(expect.arrayContaining(shown));
});
