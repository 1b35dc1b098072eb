export type Layer = "core" | "fsm" | "topology" | "runtime" | "adapter" | "testkit" | "facade" | "app";

interface Allowance {
  /** The layers that the sources of this one may import. */
  readonly sources: readonly Layer[];
  /** The layers that its tests may import besides. */
  readonly tests: readonly Layer[];
  /** Whether its sources may import `node:` modules and refer to the types of a runtime. */
  readonly runtimeApi: boolean;
}

const BELOW_FACADE: readonly Layer[] = ["core", "fsm", "topology", "runtime", "adapter"];

/**
 * Dependencies point inward, to the left in `core`, `fsm`, `topology` ← `runtime` ← `facade` ← `app`. Tests of what has
 * ports may drive them with the testkit and with the adapters; these are not declared in the manifest, for `testkit`
 * depends on `core` and `runtime`, and two packages that name each other could not be built in an order.
 */
export const ALLOWED: Readonly<Record<Layer, Allowance>> = {
  core: { sources: [], tests: ["testkit", "adapter"], runtimeApi: false },
  fsm: { sources: [], tests: [], runtimeApi: false },
  topology: { sources: [], tests: [], runtimeApi: false },
  runtime: { sources: ["core", "fsm", "topology"], tests: ["testkit", "adapter"], runtimeApi: false },
  adapter: { sources: ["core"], tests: ["testkit", "adapter"], runtimeApi: true },
  testkit: { sources: ["core", "runtime"], tests: ["fsm", "topology", "adapter"], runtimeApi: true },
  facade: { sources: BELOW_FACADE, tests: ["testkit"], runtimeApi: true },
  app: { sources: [...BELOW_FACADE, "testkit", "facade"], tests: [], runtimeApi: true },
};

const BY_FOLDER: Readonly<Record<string, Layer>> = {
  "libs/core": "core",
  "libs/fsm": "fsm",
  "libs/topology": "topology",
  "libs/runtime": "runtime",
  "libs/testkit": "testkit",
  "libs/refold": "facade",
};

/** The layer of a package by its folder; undefined for a folder that has no place among the layers. */
export function layerOf(folder: string): Layer | undefined {
  if (folder.startsWith("libs/adapters/")) return "adapter";
  if (folder.startsWith("apps/")) return "app";
  return BY_FOLDER[folder];
}
