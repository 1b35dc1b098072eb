import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runnableFences, type Fence } from "./fences.ts";

/** The path of the module that an example is taken for. Its imports resolve as from the folder of its README. */
export function exampleModule(readme: string, number: number): string {
  return join(dirname(readme), `README.example-${number}.ts`);
}

/** The module of an example. The blank lines in front let a stack trace or the compiler name the line in the README. */
function exampleText({ line, code }: Fence): string {
  return "\n".repeat(line) + code;
}

/** The examples of a README by the paths of their modules. */
export function examplesOf(readme: string): ReadonlyMap<string, string> {
  return new Map(
    runnableFences(readFileSync(readme, "utf8")).map((fence) => [
      exampleModule(readme, fence.number),
      exampleText(fence),
    ]),
  );
}
