import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vitest/config";
import { runnableFences } from "./fences.ts";

const EXAMPLE = /[\\/]README\.example-(?<number>\d+)\.ts$/;

/** The module id under which an example can be imported. Its own imports resolve as from the README's folder. */
export function exampleModule(readme: string, number: number): string {
  return join(dirname(readme), `README.example-${number}.ts`);
}

/** Serves the fences of a README as modules, without writing a file. */
export function readmeExamples(): Plugin {
  return {
    name: "refold:readme-examples",
    enforce: "pre",
    resolveId: (id) => (EXAMPLE.test(id) ? id : undefined),
    load(id) {
      const number = Number(EXAMPLE.exec(id)?.groups?.["number"]);
      const readme = join(dirname(id), "README.md");
      if (Number.isNaN(number) || !existsSync(readme)) return undefined;
      const fence = runnableFences(readFileSync(readme, "utf8"))[number - 1];
      // The blank lines in front let a stack trace show the line of the README.
      return fence && "\n".repeat(fence.line) + fence.code;
    },
  };
}
