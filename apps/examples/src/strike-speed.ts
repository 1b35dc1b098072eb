import type { CsvRow } from "@refold/csv";
import { ok, type Result } from "neverthrow";
import { reject, type Rejection } from "refold";

export interface StrikeSpeed {
  /** Such as `1990-01-08`. */
  readonly date: string;
  readonly state: string;
  readonly species: string;
  /** What it cost in all. */
  readonly dollars: number;
  readonly knots: number;
}

type Columns = "Flight Date" | "Origin State" | "Wildlife Species" | "Cost Total $" | "Speed IAS in knots";

/** Reads a row of the data set; rejects one without a speed or a cost. */
export function readStrikeSpeed(row: CsvRow<Columns>): Result<StrikeSpeed, Rejection> {
  const dollars = wholeNumber(row["Cost Total $"]);
  if (dollars === undefined) return reject("deserialization", `the cost "${row["Cost Total $"]}" is no whole number`);
  const knots = wholeNumber(row["Speed IAS in knots"]);
  if (knots === undefined)
    return reject("deserialization", `the speed "${row["Speed IAS in knots"]}" is no whole number`);
  return ok({ date: row["Flight Date"], state: row["Origin State"], species: row["Wildlife Species"], dollars, knots });
}

function wholeNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
