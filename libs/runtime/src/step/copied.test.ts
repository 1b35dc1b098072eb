import { expect, it } from "vitest";

import { copied } from "./copied.ts";

it("copies all that can be stored, with all within", () => {
  const inner = { n: 1 };
  const value = {
    list: [inner, inner],
    map: new Map<unknown, unknown>([[inner, [inner]]]),
    set: new Set([inner]),
    date: new Date(5),
    bytes: new Uint8Array([1, 2]),
    bare: Object.assign(Object.create(null) as object, { inner }),
    ["__proto__"]: inner,
  };
  const copy = copied(value) as typeof value;
  const expected = JSON.stringify([...copy.map, ...copy.set, copy.list, copy.bare]);
  expect(copy).toEqual(value);
  inner.n = 2;
  value.date.setTime(6);
  value.bytes[0] = 9;
  expect(JSON.stringify([...copy.map, ...copy.set, copy.list, copy.bare])).toBe(expected);
  expect([copy.date.getTime(), copy.bytes[0]]).toEqual([5, 1]);
  expect(Object.hasOwn(copy, "__proto__")).toBe(true);
});

it("leaves what cannot be stored for the log to refuse, and comes to an end with what contains itself", () => {
  class Account {}
  const account = new Account();
  const call = (): void => undefined;
  expect(copied({ account, call })).toEqual({ account, call });
  const knot: Record<string, unknown> = {};
  knot["left"] = knot["right"] = knot;
  const copy = copied(knot) as typeof knot;
  expect(copy["left"]).toBe(copy);
  expect(1 in (copied([1, , 3]) as unknown[])).toBe(false);
});
