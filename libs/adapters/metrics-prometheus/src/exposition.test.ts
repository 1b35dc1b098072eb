import fc from "fast-check";
import { expect, it } from "vitest";

import { familiesIn } from "../test-support/parsed-text.ts";
import { expositionText, numberText, type MetricFamily } from "./exposition.ts";

const gauge = (value: number, label: string, help = "Help."): MetricFamily => ({
  name: "a",
  type: "gauge",
  help,
  samples: [{ labels: [["label", label]], value }],
});

it("gives back any label, with quotes, backslashes and ends of line, to one who reads it", () => {
  const piece = fc.constantFrom("\\", '"', "\n", "n", "{", "}", ",", "=", " ", "é", "\\n", "a");
  const label = fc.array(piece, { minLength: 1 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(label, (text) => {
      const [family] = familiesIn(expositionText([gauge(1, `<${text}>`)]));
      expect(family?.metrics).toEqual([{ labels: { label: `<${text}>` }, value: "1" }]);
    }),
  );
});

it("keeps a help on its line", () => {
  expect(expositionText([gauge(1, "x", 'one "two"\nthree \\ four')])).toBe(
    '# HELP a one "two"\\nthree \\\\ four\n# TYPE a gauge\na{label="x"} 1\n',
  );
});

it("writes numbers so that they are read as the same number", () => {
  expect(numberText(Infinity)).toBe("+Inf");
  expect(numberText(-Infinity)).toBe("-Inf");
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(numberText(value)) === value).toBe(true);
      expect(numberText(value)).toMatch(/^-?\d+(\.\d+)?(e[+-]\d+)?$/);
    }),
  );
});

it("leaves out a family without samples", () => {
  expect(expositionText([{ name: "a", type: "counter", help: "Help.", samples: [] }])).toBe("");
});
