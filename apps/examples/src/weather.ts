import { parse } from "csv-parse/sync";

import { dataFile } from "./data-file.ts";

/** What is normal in Seattle at one hour of the year. */
export interface HourlyNormal {
  /** In milliseconds since 1970, of Seattle's standard time as if it were UTC. */
  readonly atMs: number;
  /** In tenths of a degree Celsius, which are whole numbers. */
  readonly temperatureTenths: number;
}

/** The hours of a year, from 2010-01-01 on, in their order. */
export function readHourlyNormals(): readonly HourlyNormal[] {
  const rows: unknown = parse(dataFile("seattle-weather-hourly-normals.csv"), { columns: true });
  if (!Array.isArray(rows)) throw new TypeError("seattle-weather-hourly-normals.csv: not a table");
  return rows.map(readHour);
}

function readHour(row: unknown, index: number): HourlyNormal {
  const { date, temperature } = row as Readonly<Record<string, unknown>>;
  const hour = { atMs: Date.parse(`${String(date)}Z`), temperatureTenths: Math.round(Number(temperature) * 10) };
  if (!Number.isFinite(hour.atMs) || !Number.isFinite(hour.temperatureTenths) || temperature === "") {
    throw new TypeError(`seattle-weather-hourly-normals.csv, row ${index}: no time and temperature`);
  }
  return hour;
}
