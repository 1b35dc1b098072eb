import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { workspacePackages } from "../workspace/packages.ts";

export interface Tarball {
  readonly name: string;
  readonly path: string;
  /** The packed files, relative to the package. */
  readonly files: readonly string[];
}

interface PackReport {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Packs every package that is not private, as it would be published, into `destination`. */
export function packPublic(root: string, destination: string): readonly Tarball[] {
  const names = workspacePackages(root).filter(({ manifest }) => manifest.private !== true);
  const chosen = names.flatMap((each) => ["--workspace", each.folder]);
  // Scripts of the packages would print among the report.
  const output = execFileSync(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", destination, ...chosen],
    {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const reports = JSON.parse(output) as PackReport[] | Record<string, PackReport>;
  return Object.values(reports).map(({ name, filename, files }) => ({
    name,
    path: join(destination, filename),
    files: files.map((file) => file.path),
  }));
}
