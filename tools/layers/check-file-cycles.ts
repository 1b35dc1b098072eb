import { dirname, relative, resolve, sep } from "node:path";
import { cycles } from "./cycles.ts";
import type { Survey } from "./survey.ts";

/** Files that import one another in a circle; imports of types count, for such files cannot be understood apart. */
export function checkFileCycles(survey: Survey): readonly string[] {
  const files = survey.packages.flatMap((each) => each.files);
  const edges = new Map(
    files.map((file) => [
      file.name,
      file.imports
        .filter(({ specifier }) => specifier.startsWith("."))
        .map(({ specifier }) =>
          relative(survey.root, resolve(dirname(file.path), specifier))
            .split(sep)
            .join("/"),
        ),
    ]),
  );
  return cycles(edges).map((members) => `${[...members].sort().join(", ")}: these files import one another in a cycle`);
}
