import { parse } from "csv-parse/sync";

import { dataFile } from "./data-file.ts";

export interface Airport {
  /** Three characters. */
  readonly code: string;
  readonly city: string;
  /** The two letters of a state or a territory. */
  readonly state: string;
  readonly country: string;
}

/** The airports of the table, in its order. */
export function readAirports(): readonly Airport[] {
  const rows = parse(dataFile("airports.csv"), { columns: true, skip_empty_lines: true });
  return rows.map((row, index) => readAirport(row, index + 2));
}

/** The airports of the table, by their code. */
export function airportsByCode(): ReadonlyMap<string, Airport> {
  return new Map(readAirports().map((airport) => [airport.code, airport]));
}

function readAirport(row: unknown, line: number): Airport {
  const { iata: code, city, state, country } = row as Readonly<Record<string, unknown>>;
  const isAirport =
    typeof code === "string" && typeof city === "string" && typeof state === "string" && typeof country === "string";
  if (!isAirport) throw new TypeError(`airports.csv, row ${line}: not an airport`);
  return { code, city, state, country };
}
