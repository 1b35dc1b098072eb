import ts from "typescript";

export interface Import {
  /** As written: `./lane.ts`, `@refold/core`, `node:fs`. */
  readonly specifier: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * Everything that a source asks of other modules: imports, re-exports, `import()`, `require()`, `import.meta.resolve()`,
 * import types and `/// <reference types>`. A specifier that is computed is not seen.
 */
export function importsOf(fileName: string, text: string): readonly Import[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const found: Import[] = [];
  const add = (specifier: string, position: number): void => {
    found.push({ specifier, line: source.getLineAndCharacterOfPosition(position).line + 1 });
  };

  for (const reference of source.typeReferenceDirectives) add(reference.fileName, reference.pos);
  const pending: ts.Node[] = [source];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const specifier = specifierOf(node);
    if (specifier !== undefined) add(specifier.text, specifier.end);
    ts.forEachChild(node, (child) => {
      pending.push(child);
    });
  }
  return found.sort((a, b) => a.line - b.line);
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  let candidate: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) candidate = node.moduleSpecifier;
  else if (ts.isExternalModuleReference(node)) candidate = node.expression;
  else if (ts.isImportTypeNode(node))
    candidate = ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  else if (ts.isCallExpression(node) && isModuleCall(node.expression)) candidate = node.arguments[0];
  return candidate !== undefined && ts.isStringLiteralLike(candidate) ? candidate : undefined;
}

/** `import(…)`, `require(…)`, `import.meta.resolve(…)`. */
function isModuleCall(callee: ts.Expression): boolean {
  if (ts.isPropertyAccessExpression(callee)) {
    return ts.isMetaProperty(callee.expression) && callee.name.text === "resolve";
  }
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require");
}
