import { dataFile } from "./data-file.ts";

export interface Flight {
  /** When it was to leave, such as `2001/01/01 00:47`. */
  readonly date: string;
  /** How late it arrived, in minutes; below zero when it was early. */
  readonly delay: number;
  /** In miles. */
  readonly distance: number;
  /** The codes of the airports. */
  readonly origin: string;
  readonly destination: string;
}

/** The flights of the data set, in its order. */
export function readFlights(): readonly Flight[] {
  const rows: unknown = JSON.parse(dataFile("flights-20k.json"));
  if (!Array.isArray(rows)) throw new TypeError("flights-20k.json: not a list");
  return rows.map(readFlight);
}

function readFlight(row: unknown, index: number): Flight {
  const { date, delay, distance, origin, destination } = row as Readonly<Record<string, unknown>>;
  const isFlight =
    typeof date === "string" &&
    Number.isSafeInteger(delay) &&
    Number.isSafeInteger(distance) &&
    typeof origin === "string" &&
    typeof destination === "string";
  if (!isFlight) throw new TypeError(`flights-20k.json, row ${index}: not a flight`);
  return { date, delay: delay as number, distance: distance as number, origin, destination };
}
