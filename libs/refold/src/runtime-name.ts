/** The runtime that this process runs on, with its version: `node 20.20.2`, `bun 1.4.5`, `deno 2.9.6`. */
export function runtimeName(): string {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  if (bun !== undefined) return `bun ${bun}`;
  if (deno !== undefined) return `deno ${deno}`;
  return `node ${node ?? "(unknown)"}`;
}
