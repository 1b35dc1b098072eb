import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Every file below `folder`, as absolute paths in a fixed order; none if the folder does not exist. */
export function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
