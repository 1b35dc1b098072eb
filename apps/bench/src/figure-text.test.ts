import { expect, it } from "vitest";
import { figureText } from "./figure-text.ts";

it("gives rates a prefix, so that three digits count", () => {
  expect(figureText(312_345, "events/s")).toBe("312 k");
  expect(figureText(4_100_000, "events/s")).toBe("4.10 M");
  expect(figureText(999_900, "records/s")).toBe("1.00 M");
  expect(figureText(85, "events/s")).toBe("85.0");
});

it("leaves other figures as they are, with the digits that count", () => {
  expect(figureText(0.4412, "ms")).toBe("0.44");
  expect(figureText(0.01234, "ms")).toBe("0.012");
  expect(figureText(1234.4, "MiB")).toBe("1234");
  expect(figureText(-12.34, "MiB")).toBe("-12.3");
  expect(figureText(99.99, "B")).toBe("100");
});
