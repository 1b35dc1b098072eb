import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Where a data file of the package `vega-datasets` is, wherever that is installed. */
export function dataPath(name: string): string {
  const entry = createRequire(import.meta.url).resolve("vega-datasets");
  // The package exports its entry alone; the data stand beside the folder of the entry.
  return join(dirname(entry), "..", "data", name);
}

/** The text of a data file. */
export function dataFile(name: string): string {
  return readFileSync(dataPath(name), "utf8");
}
