// Checks the types of the examples in READMEs, which the tests only run, and that no public package is without one:
//   node --import tsx tools/check-examples.ts

import { join } from "node:path";
import { surveyWorkspace } from "./layers/survey.ts";
import { checkTypes } from "./readme-examples/check-types.ts";
import { exampleModule, examplesOf } from "./readme-examples/examples.ts";
import { readmes } from "./readme-examples/readmes.ts";
import { REPOSITORY_ROOT } from "./workspace/packages.ts";

const examples = new Map(readmes(REPOSITORY_ROOT).flatMap((readme) => [...examplesOf(join(REPOSITORY_ROOT, readme))]));
const report = checkTypes(examples, join(REPOSITORY_ROOT, "tsconfig.tests.json"));

const without = surveyWorkspace(REPOSITORY_ROOT)
  .packages.filter(({ manifest, isEmpty }) => manifest.private !== true && !isEmpty)
  .filter(({ path }) => !examples.has(exampleModule(join(path, "README.md"), 1)))
  .map(({ folder }) => `${folder}/README.md: no example that can be run`);

const problems = [...without, ...(report === "" ? [] : [report])];
console.log(problems.length === 0 ? `${examples.size} examples compile.` : problems.join("\n"));
process.exitCode = problems.length === 0 ? 0 : 1;
