import { parse } from "csv-parse/sync";

import { dataFile } from "./data-file.ts";

/** A bird, or a flock, and an aircraft. */
export interface BirdStrike {
  readonly species: string;
  readonly phase: string;
  /** Such as `None` or `Substantial`. */
  readonly damage: string;
  readonly dollars: number;
}

/** The bird strikes of the data set, in its order. */
export function readBirdStrikes(): readonly BirdStrike[] {
  const rows = parse(dataFile("birdstrikes.csv"), { columns: true, skip_empty_lines: true });
  return rows.map((row, index) => readStrike(row, index + 2));
}

function readStrike(row: unknown, line: number): BirdStrike {
  const fields = row as Readonly<Record<string, unknown>>;
  const species = fields["Wildlife Species"];
  const phase = fields["Phase of flight"];
  const damage = fields["Effect Amount of damage"];
  const dollars = Number(fields["Cost Total $"]);
  const isStrike =
    typeof species === "string" && typeof phase === "string" && typeof damage === "string" && Number.isFinite(dollars);
  if (!isStrike) throw new TypeError(`birdstrikes.csv, row ${line}: not a bird strike`);
  return { species, phase, damage, dollars };
}
