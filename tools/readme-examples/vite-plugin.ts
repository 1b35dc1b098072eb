import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vitest/config";
import { examplesOf } from "./examples.ts";

const EXAMPLE = /[\\/]README\.example-\d+\.ts$/;

/** Serves the examples of a README as modules, without writing a file. */
export function readmeExamples(): Plugin {
  return {
    name: "refold:readme-examples",
    enforce: "pre",
    resolveId: (id) => (EXAMPLE.test(id) ? id : undefined),
    load(id) {
      const readme = join(dirname(id), "README.md");
      return EXAMPLE.test(id) && existsSync(readme) ? examplesOf(readme).get(id) : undefined;
    },
  };
}
