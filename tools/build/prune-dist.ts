// Removes from `dist` what was compiled from sources that no longer exist; `tsc -b` leaves such files behind.
//   node --import tsx tools/build/prune-dist.ts [package folder …]      (all packages by default)

import { rmSync } from "node:fs";
import { relative } from "node:path";
import { REPOSITORY_ROOT, workspacePackages } from "../workspace/packages.ts";
import { staleOutputs } from "./stale-outputs.ts";

const named = process.argv.slice(2);
const folders = named.length > 0 ? named : workspacePackages(REPOSITORY_ROOT).map((each) => each.path);

for (const file of folders.flatMap(staleOutputs)) {
  rmSync(file);
  console.log(`removed ${relative(process.cwd(), file)}: its source is gone`);
}
