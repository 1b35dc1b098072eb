import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Every file below `folder`, as absolute paths in a fixed order; none if it does not exist. */
export function filesBelow(folder: string, exceptFolders: readonly string[] = []): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return exceptFolders.includes(entry.name) ? [] : filesBelow(path, exceptFolders);
      return entry.isFile() ? [path] : [];
    });
}
