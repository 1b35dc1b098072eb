// Checks every import of the workspace against its layers:   node --import tsx tools/check-layers.ts

import { checkLayers } from "./layers/check-layers.ts";
import { REPOSITORY_ROOT } from "./workspace/packages.ts";

const problems = checkLayers(REPOSITORY_ROOT);
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "The layers hold." : `${problems.length} problems with the layers.`);
process.exitCode = problems.length === 0 ? 0 : 1;
