// Checks the types of the examples in READMEs, which are otherwise only run:   node --import tsx tools/check-examples.ts

import { join } from "node:path";
import { checkTypes } from "./readme-examples/check-types.ts";
import { examplesOf } from "./readme-examples/examples.ts";
import { readmes } from "./readme-examples/readmes.ts";
import { REPOSITORY_ROOT } from "./workspace/packages.ts";

const examples = new Map(readmes(REPOSITORY_ROOT).flatMap((readme) => [...examplesOf(join(REPOSITORY_ROOT, readme))]));
const report = checkTypes(examples, join(REPOSITORY_ROOT, "tsconfig.tests.json"));
console.log(report === "" ? `${examples.size} examples compile.` : report);
process.exitCode = report === "" ? 0 : 1;
