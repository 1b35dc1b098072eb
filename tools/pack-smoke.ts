// Packs every public package, inspects the tarballs, and uses them as a stranger would, on every runtime:
//   npm run build && node --import tsx tools/pack-smoke.ts

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lintTarball } from "./packs/lint-tarball.ts";
import { packPublic } from "./packs/pack.ts";
import { installTarballs, runEverywhere } from "./packs/smoke.ts";
import { REPOSITORY_ROOT } from "./workspace/packages.ts";

const scratch = mkdtempSync(join(tmpdir(), "refold-packs-"));
try {
  const problems = await packAndTry();
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "The packed packages work." : `${problems.length} problems with the packages.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true });
}

async function packAndTry(): Promise<readonly string[]> {
  const [tarballsFolder, stranger] = [join(scratch, "tarballs"), join(scratch, "stranger")];
  mkdirSync(tarballsFolder);
  mkdirSync(stranger);
  const tarballs = packPublic(REPOSITORY_ROOT, tarballsFolder);
  const lint = await Promise.all(tarballs.map(lintTarball));
  installTarballs(tarballs, stranger);
  return [...lint.flat(), ...runEverywhere(join(REPOSITORY_ROOT, "tools/pack-smoke-program.mjs"), stranger)];
}
