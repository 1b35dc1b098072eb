import { existsSync } from "node:fs";
import { join } from "node:path";
import { workspacePackages } from "../workspace/packages.ts";

/** The READMEs of the workspace that exist, relative to its root: its own and those of the packages. */
export function readmes(root: string): readonly string[] {
  return ["", ...workspacePackages(root).map((each) => each.folder)]
    .map((folder) => join(folder, "README.md"))
    .filter((readme) => existsSync(join(root, readme)));
}
