import { checkDeclarations } from "./check-declarations.ts";
import { checkFileCycles } from "./check-file-cycles.ts";
import { checkImports } from "./check-imports.ts";
import { surveyWorkspace } from "./survey.ts";

/** Everything at odds with the layers in the workspace at `root`, a sentence each; none if all is well. */
export function checkLayers(root: string): readonly string[] {
  const survey = surveyWorkspace(root);
  return [...checkImports(survey), ...checkFileCycles(survey), ...checkDeclarations(survey)];
}
