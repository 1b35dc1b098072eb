/** The runtimes on which the suite is run, in the order of running. */
export const RUNTIMES = ["node", "bun", "deno"] as const;

export type Runtime = (typeof RUNTIMES)[number];

export function isRuntime(text: string): text is Runtime {
  return (RUNTIMES as readonly string[]).includes(text);
}

/** The runtime that executes this code. */
export function currentRuntime(): Runtime {
  if (process.versions["bun"] !== undefined) return "bun";
  return "Deno" in globalThis ? "deno" : "node";
}
