import { expect, it } from "vitest";
import { MessagePackWriter } from "@refold/core";
import { makeOrder, reprice } from "./order.ts";

it("takes about 150 bytes, whichever order it is and however often it was repriced", () => {
  const sizes = [0, 1, 12_345, 4_999_999].map((index) => {
    const writer = new MessagePackWriter(1024);
    writer.payload(reprice(reprice(makeOrder(index))));
    return writer.at;
  });
  for (const size of sizes) {
    expect(size).toBeGreaterThan(145);
    expect(size).toBeLessThan(155);
  }
});
