import { dataFile } from "./data-file.ts";

/** A row of the data set, as it is: fields may be missing, or be of another type than one would think. */
export interface MovieRow {
  readonly Title: string | number | null;
  readonly "Worldwide Gross": number | null;
  readonly "Production Budget": number | null;
  readonly "Release Date": string;
  readonly Distributor: string | null;
}

/** The movies of the data set, in its order. */
export function readMovies(): readonly MovieRow[] {
  const rows: unknown = JSON.parse(dataFile("movies.json"));
  if (!Array.isArray(rows)) throw new TypeError("movies.json: not a list");
  return rows.map(readMovie);
}

/** Only what the flows look at. */
function readMovie(row: unknown, index: number): MovieRow {
  const fields = row as Readonly<Record<keyof MovieRow, unknown>>;
  const title = fields.Title;
  const gross = fields["Worldwide Gross"];
  const budget = fields["Production Budget"];
  const released = fields["Release Date"];
  const distributor = fields.Distributor;
  const isMovie =
    (title === null || typeof title === "string" || typeof title === "number") &&
    (gross === null || typeof gross === "number") &&
    (budget === null || typeof budget === "number") &&
    typeof released === "string" &&
    (distributor === null || typeof distributor === "string");
  if (!isMovie) throw new TypeError(`movies.json, row ${index}: not a movie`);
  return {
    Title: title,
    "Worldwide Gross": gross,
    "Production Budget": budget,
    "Release Date": released,
    Distributor: distributor,
  };
}
