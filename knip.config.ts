import type { KnipConfig } from "knip";

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
      // Tests share these without declaring them, which would make circles of packages; the layer check allows no others.
      ignoreDependencies: ["@refold/testkit", "@refold/log-memory"],
      // A test mounts a small disk to fill it.
      ignoreBinaries: ["mount", "umount"],
    },
  },
  // A type that only its own file names may still be worth a name to those who read a signature.
  ignoreExportsUsedInFile: { interface: true, type: true },
};

export default config;
