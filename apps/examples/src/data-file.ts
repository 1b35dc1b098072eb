import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The text of a data file of the package `vega-datasets`, wherever that is installed. */
export function dataFile(name: string): string {
  const entry = createRequire(import.meta.url).resolve("vega-datasets");
  // The package exports its entry alone; the data stand beside the folder of the entry.
  return readFileSync(join(dirname(entry), "..", "data", name), "utf8");
}
