import { pathToFileURL } from "node:url";

/** Loads a module from an absolute path. Bun and Deno read TypeScript themselves; on Node, tsx is registered first. */
export async function importModule(path: string): Promise<unknown> {
  if (needsLoader()) await registerLoader();
  // Loaded by name at run time, which is what a command that takes a file is for.
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as unknown;
}

function needsLoader(): boolean {
  const { bun, deno } = process.versions as Readonly<Record<string, string | undefined>>;
  return bun === undefined && deno === undefined;
}

/** Both kinds of modules: without `"type": "module"` in a package.json near by, Node takes a `.ts` file for CommonJS. */
async function registerLoader(): Promise<void> {
  const [esm, cjs] = await Promise.all([import("tsx/esm/api"), import("tsx/cjs/api")]);
  esm.register();
  cjs.register();
}
