import { parse } from "csv-parse/sync";

import { dataFile } from "./data-file.ts";

export interface Airport {
  /** The two letters of a state or a territory. */
  readonly state: string;
  readonly country: string;
}

/** The airports of the table, by their code of three characters. */
export function airportsByCode(): ReadonlyMap<string, Airport> {
  const rows = parse(dataFile("airports.csv"), { columns: true, skip_empty_lines: true });
  return new Map(rows.map((row, index) => readAirport(row, index + 2)));
}

function readAirport(row: unknown, line: number): readonly [code: string, airport: Airport] {
  const { iata, state, country } = row as Readonly<Record<string, unknown>>;
  if (typeof iata !== "string" || typeof state !== "string" || typeof country !== "string") {
    throw new TypeError(`airports.csv, row ${line}: not an airport`);
  }
  return [iata, { state, country }];
}
