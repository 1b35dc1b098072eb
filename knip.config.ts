import { fileURLToPath } from "node:url";
import type { KnipConfig } from "knip";
import { surveyWorkspace } from "./tools/layers/survey.ts";

/** A package that has no content yet may declare what it is going to use. */
const emptyPackages = surveyWorkspace(fileURLToPath(new URL(".", import.meta.url))).packages.filter(
  (each) => each.isEmpty,
);

const config: KnipConfig = {
  workspaces: {
    ".": {
      entry: ["tools/*.ts", "tools/*/main.ts"],
      project: ["tools/**/*.ts", "*.{js,ts}"],
      ignoreDependencies: [
        // Started as programs, by the path of their files.
        "bun",
        "deno",
        // Read by the examples and the benchmarks as data, as a baseline, and to measure the size of a bundle.
        "vega-datasets",
        "@msgpack/msgpack",
        "esbuild",
      ],
    },
    // Flow files are entries wherever they are.
    "{libs,apps}/**": {
      entry: ["src/main.ts", "**/*.flow.ts"],
      project: ["**/*.{js,ts}", "!dist/**"],
      // What tests of other packages drive them with, undeclared; `check:layers` says who may.
      ignoreDependencies: ["@refold/testkit", "@refold/log-memory"],
    },
    ...Object.fromEntries(emptyPackages.map((each) => [each.folder, { ignoreDependencies: [/./] }])),
  },
  // A type that only its own file names may still be worth a name to those who read a signature.
  ignoreExportsUsedInFile: { interface: true, type: true },
};

export default config;
