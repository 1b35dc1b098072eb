// Names in `package-lock.json` the builds for other platforms that npm left out:
//   npm run lock:complete      (after `npm install` of anything that has such builds)

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missingPlatforms, type Lockfile } from "./lockfile/missing-platforms.ts";
import { REPOSITORY_ROOT } from "./workspace/packages.ts";

const file = join(REPOSITORY_ROOT, "package-lock.json");
// npm wrote the file; a lockfile that it could not read would have stopped the installation.
const lockfile = JSON.parse(readFileSync(file, "utf8")) as Lockfile;
const missing = missingPlatforms(lockfile);
const packages = Object.entries({ ...lockfile.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, "en"));
if (Object.keys(missing).length > 0) {
  writeFileSync(file, JSON.stringify({ ...lockfile, packages: Object.fromEntries(packages) }, undefined, 2) + "\n");
}
console.log(`${Object.keys(missing).length} builds added.`);
