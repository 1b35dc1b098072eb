import { parse } from "csv-parse/sync";

import { dataFile } from "./data-file.ts";

/** What one share cost at the beginning of a month. */
export interface StockPrice {
  readonly symbol: string;
  readonly monthMs: number;
  readonly dollars: number;
}

/** How the S&P 500 stood at the beginning of a month. */
export interface IndexLevel {
  readonly monthMs: number;
  readonly points: number;
}

/** The prices of one share, month after month. */
export function readStock(symbol: string): readonly StockPrice[] {
  return rowsOf("stocks.csv")
    .filter((row) => row["symbol"] === symbol)
    .map((row) => ({ symbol, monthMs: monthOf(row), dollars: priceOf(row) }));
}

/** The index, month after month. */
export function readIndex(): readonly IndexLevel[] {
  return rowsOf("sp500.csv").map((row) => ({ monthMs: monthOf(row), points: priceOf(row) }));
}

type Row = Readonly<Record<string, unknown>>;

function rowsOf(file: string): readonly Row[] {
  // With `columns` each row is an object of texts.
  return parse(dataFile(file), { columns: true, skip_empty_lines: true });
}

function monthOf({ date }: Row): number {
  const monthMs = Date.parse(`${String(date)} UTC`);
  if (Number.isNaN(monthMs)) throw new TypeError(`${String(date)} is no date`);
  return monthMs;
}

function priceOf({ price }: Row): number {
  const number = Number(price);
  if (!(number > 0)) throw new TypeError(`${String(price)} is no price`);
  return number;
}
