import { isBuiltin } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import { ALLOWED } from "./layers.ts";
import type { Import } from "./imports.ts";
import type { Survey, SurveyedFile, SurveyedPackage } from "./survey.ts";

/** What is wrong with single imports, a sentence each: layers, declarations, entries. */
export function checkImports(survey: Survey): readonly string[] {
  return survey.packages.flatMap((from) =>
    from.files.flatMap((file) =>
      file.imports.flatMap((each) => {
        const problem = problemOf(survey, from, file, each);
        return problem === undefined ? [] : [`${file.name}:${each.line}: ${problem}`];
      }),
    ),
  );
}

function problemOf(
  survey: Survey,
  from: SurveyedPackage,
  file: SurveyedFile,
  { specifier }: Import,
): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("/")) return relativeProblem(from, file, specifier);
  if (isBuiltin(specifier) || specifier === "node") return builtinProblem(from, file, specifier);
  const name = packageNameOf(specifier);
  const target = survey.byName.get(name);
  return target === undefined
    ? undeclaredProblem(survey, from, file, name)
    : workspaceProblem(survey, from, file, specifier, target);
}

function relativeProblem(from: SurveyedPackage, file: SurveyedFile, specifier: string): string | undefined {
  const target = resolve(dirname(file.path), specifier);
  if (target.startsWith(join(from.path, "dist") + sep)) return `"${specifier}" is build output; import its source`;
  const isPublished = file.path.startsWith(join(from.path, "src") + sep) && !file.isTest;
  if (target.startsWith((isPublished ? join(from.path, "src") : from.path) + sep)) return undefined;
  return `"${specifier}" leaves the ${isPublished ? "sources" : "folder"} of ${from.manifest.name}`;
}

function builtinProblem(from: SurveyedPackage, file: SurveyedFile, specifier: string): string | undefined {
  if (isBuiltin(specifier) && !specifier.startsWith("node:"))
    return `write "node:${specifier}", which every runtime knows`;
  if (file.isTest || from.layer === undefined || ALLOWED[from.layer].runtimeApi) return undefined;
  return `"${specifier}" belongs to a runtime, and the layer ${from.layer} knows none`;
}

function workspaceProblem(
  survey: Survey,
  from: SurveyedPackage,
  file: SurveyedFile,
  specifier: string,
  target: SurveyedPackage,
): string | undefined {
  const name = target.manifest.name;
  const subpath = `.${specifier.slice(name.length)}`;
  if (!(subpath in (target.manifest.exports ?? {}))) return `"${specifier}" reaches past what ${name} exports`;
  if (target === from) return file.isTest ? undefined : `"${specifier}" is this package itself; use a relative import`;
  if (from.layer === undefined || target.layer === undefined) return undefined;
  const { sources, tests } = ALLOWED[from.layer];
  if (!sources.includes(target.layer) && !(file.isTest && tests.includes(target.layer))) {
    return `the layer ${from.layer} may not import ${name}, of the layer ${target.layer}`;
  }
  return file.isTest ? undefined : undeclaredProblem(survey, from, file, name);
}

function undeclaredProblem(
  survey: Survey,
  from: SurveyedPackage,
  file: SurveyedFile,
  name: string,
): string | undefined {
  const { dependencies, peerDependencies, devDependencies } = from.manifest;
  if (name in { ...dependencies, ...peerDependencies }) return undefined;
  if (file.isTest && (name in (devDependencies ?? {}) || survey.rootDevDependencies.has(name))) return undefined;
  return `${from.folder}/package.json does not declare "${name}" among its dependencies`;
}

/** `@scope/name/deep/path` → `@scope/name`. */
export function packageNameOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
