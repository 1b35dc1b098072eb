import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { readmeExamples } from "./tools/readme-examples/vite-plugin.ts";
import { currentRuntime } from "./tools/test-run/runtime.ts";

const runtime = currentRuntime();

/** When set, a machine-readable report of the run is also written to `<directory>/<runtime>.json`. */
const reportDirectory = process.env["REFOLD_TEST_REPORTS"];

export default defineConfig({
  plugins: [readmeExamples()],
  resolve: { conditions: ["refold-source"] },
  ssr: { resolve: { conditions: ["refold-source"] } },
  test: {
    include: ["{libs,apps,tools}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", ...(runtime === "node" ? [] : ["**/*.node.test.ts"])],
    // One process per core runs file after file. A fresh process for each file costs six times the wall clock, and
    // nothing here keeps state in modules. Processes, not threads, because a test may change its working directory.
    pool: "forks",
    isolate: false,
    // No test waits for time to pass; a busy machine with two cores is still slow to start a compiler or a process.
    testTimeout: 30_000,
    reporters: [
      "default",
      ...(reportDirectory === undefined
        ? []
        : [["json", { outputFile: join(reportDirectory, `${runtime}.json`) }] as [string, { outputFile: string }]]),
    ],
  },
});
