import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { filesBelow } from "../workspace/files.ts";

const OUTPUT = /\.(?:js|d\.ts)(?:\.map)?$/;

/** The files in a package's `dist` that no source of its `src` compiles to, build information aside. */
export function staleOutputs(packageFolder: string): readonly string[] {
  const dist = join(packageFolder, "dist");
  return filesBelow(dist).filter((file) => {
    const output = relative(dist, file);
    if (output.endsWith(".tsbuildinfo")) return false;
    const source = join(packageFolder, "src", output.replace(OUTPUT, ".ts"));
    return source.endsWith(".test.ts") || !existsSync(source);
  });
}
