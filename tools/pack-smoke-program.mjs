// Run by tools/pack-smoke.ts in a folder where nothing but the packed packages is installed. It must print the same on
// Node, Bun and Deno, and fails by throwing.

import { readFileSync } from "node:fs";

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));

for (const name of Object.keys(dependencies).sort()) {
  const entry = await import(name);
  console.log(`${name}: ${Object.keys(entry).sort().join(" ")}`);
}
