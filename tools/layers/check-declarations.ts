import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import ts from "typescript";
import { packageNameOf } from "./check-imports.ts";
import type { Survey, SurveyedPackage } from "./survey.ts";

/** Where manifests and `tsconfig.json` disagree with the imports or with each other, a sentence each. */
export function checkDeclarations(survey: Survey): readonly string[] {
  return [
    ...survey.packages
      .filter((each) => each.layer === undefined)
      .map((each) => `${each.folder}: no layer has this folder`),
    ...checkBuildList(survey),
    ...survey.packages.flatMap((each) => [...checkReferences(survey, each), ...checkDependencies(survey, each)]),
  ];
}

function checkBuildList(survey: Survey): readonly string[] {
  const built = referencesOf(survey.root, survey.root);
  const missing = survey.packages.filter((each) => !built.has(each.folder));
  return missing.map((each) => `tsconfig.json: no reference to ${each.folder}, so it is not built`);
}

/** A package refers to exactly the workspace packages that it depends on; else `tsc -b` builds in a wrong order. */
function checkReferences(survey: Survey, from: SurveyedPackage): readonly string[] {
  const place = `${from.folder}/tsconfig.json`;
  const referred = referencesOf(survey.root, from.path);
  const needed = new Set(
    Object.keys(from.manifest.dependencies ?? {}).flatMap((name) => survey.byName.get(name)?.folder ?? []),
  );
  return [
    ...[...needed]
      .filter((each) => !referred.has(each))
      .map((each) => `${place}: no reference to ${each}, a dependency`),
    ...[...referred].filter((each) => !needed.has(each)).map((each) => `${place}: refers to ${each}, not a dependency`),
  ];
}

function checkDependencies(survey: Survey, from: SurveyedPackage): readonly string[] {
  const place = `${from.folder}/package.json`;
  const imported = new Set(
    from.files
      .filter((file) => !file.isTest)
      .flatMap((file) => file.imports.map(({ specifier }) => packageNameOf(specifier))),
  );
  return Object.entries(from.manifest.dependencies ?? {}).flatMap(([name, range]) => {
    const version = survey.byName.get(name)?.manifest.version;
    if (version !== undefined && range !== version)
      return [`${place}: asks for ${name} ${range}, which is at ${version}`];
    if (!from.isEmpty && !imported.has(name)) return [`${place}: depends on ${name}, which no source imports`];
    return [];
  });
}

/** The folders, relative to the root, that the `tsconfig.json` of a folder refers to. */
function referencesOf(root: string, folder: string): ReadonlySet<string> {
  const file = join(folder, "tsconfig.json");
  if (!existsSync(file)) return new Set();
  const { config } = ts.readConfigFile(file, (path) => readFileSync(path, "utf8")) as {
    config?: { references?: { path: string }[] };
  };
  return new Set(
    (config?.references ?? []).map(({ path }) => relative(root, resolve(folder, path)).replaceAll("\\", "/")),
  );
}
