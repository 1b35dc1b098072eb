import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { filesBelow } from "../workspace/files.ts";
import { workspacePackages, type WorkspacePackage } from "../workspace/packages.ts";
import { importsOf, type Import } from "./imports.ts";
import { layerOf, type Layer } from "./layers.ts";

export interface SurveyedFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the root, with forward slashes. */
  readonly name: string;
  /** A test, or what the tests of a library share, in a folder beside its `src`. Neither is published. */
  readonly isTest: boolean;
  readonly imports: readonly Import[];
}

export interface SurveyedPackage extends WorkspacePackage {
  readonly layer: Layer | undefined;
  readonly files: readonly SurveyedFile[];
  /** True as long as no source imports or exports anything: what it declares is then not held against it. */
  readonly isEmpty: boolean;
}

export interface Survey {
  readonly root: string;
  readonly packages: readonly SurveyedPackage[];
  readonly byName: ReadonlyMap<string, SurveyedPackage>;
  /** The packages that tests may use without their own package declaring them. */
  readonly rootDevDependencies: ReadonlySet<string>;
}

/** Reads every source of every package, once. */
export function surveyWorkspace(root: string): Survey {
  const packages = workspacePackages(root).map((each): SurveyedPackage => {
    const files = filesBelow(each.path, ["dist", "node_modules"])
      .filter((path) => path.endsWith(".ts"))
      .map((path) => surveyFile(root, each.folder, path));
    const isEmpty = files.every((file) => file.isTest || isEmptyModule(file.path));
    return { ...each, layer: layerOf(each.folder), files, isEmpty };
  });
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { devDependencies?: object };
  return {
    root,
    packages,
    byName: new Map(packages.map((each) => [each.manifest.name, each])),
    rootDevDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
  };
}

function surveyFile(root: string, folder: string, path: string): SurveyedFile {
  const name = relative(root, path).split(sep).join("/");
  const isBeside =
    name.startsWith(`${folder}/test/`) || (folder.startsWith("libs/") && !name.startsWith(`${folder}/src/`));
  const isTest = name.endsWith(".test.ts") || isBeside;
  return { path, name, isTest, imports: importsOf(path, readFileSync(path, "utf8")) };
}

function isEmptyModule(path: string): boolean {
  return /^\s*(?:export\s*\{\s*\};?\s*)?$/.test(readFileSync(path, "utf8"));
}
