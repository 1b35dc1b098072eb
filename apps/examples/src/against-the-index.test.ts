import { expect, it } from "vitest";

import { rawData, recordedExample } from "../test/recorded-example.ts";
import againstTheIndex from "./against-the-index.flow.ts";

const rows = (name: string): readonly (readonly string[])[] =>
  rawData(name)
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(","));

it("compares each price of a share with the index of its month, and tells the last of each", async () => {
  const { recorded, printed } = await recordedExample(againstTheIndex);
  const points = new Map(rows("sp500.csv").map(([date, price]) => [date, Number(price)]));
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  const all = new Map<string, number>();
  for (const [symbol = "", date = "", price] of rows("stocks.csv")) {
    const ratio = Number(price) / (points.get(date) ?? Number.NaN);
    if (!first.has(symbol)) first.set(symbol, ratio);
    last.set(symbol, ratio / (first.get(symbol) ?? Number.NaN));
    all.set(`${symbol} ${Date.parse(`${date} UTC`)}`, last.get(symbol) ?? Number.NaN);
  }
  const compared = recorded.payloads("compared") as readonly { symbol: string; monthMs: number; growth: number }[];
  expect(new Map(compared.map(({ symbol, monthMs, growth }) => [`${symbol} ${monthMs}`, growth]))).toEqual(all);
  expect(compared.map(({ monthMs }) => monthMs)).toEqual(compared.map(({ monthMs }) => monthMs).sort((a, b) => a - b));
  const now = recorded.payloads("now") as typeof compared;
  expect(new Map(now.map(({ symbol, growth }) => [symbol, growth]))).toEqual(last);
  expect(printed).toHaveLength(5);
});
