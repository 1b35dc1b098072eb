import ts from "typescript";

/** The text of each example by the absolute path at which its imports are to resolve. */
export type Examples = ReadonlyMap<string, string>;

/** What the compiler says about these examples, as it reports it; empty if all of them compile. */
export function checkTypes(examples: Examples, tsconfig: string): string {
  const { options } = ts.parseJsonConfigFileContent(
    { extends: tsconfig, files: [], compilerOptions: { noUnusedLocals: false, noUnusedParameters: false } },
    ts.sys,
    ts.sys.getCurrentDirectory(),
  );
  const onDisk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...onDisk,
    fileExists: (file) => examples.has(file) || onDisk.fileExists(file),
    readFile: (file) => examples.get(file) ?? onDisk.readFile(file),
    getSourceFile: (file, target, ...rest) => {
      const text = examples.get(file);
      return text === undefined ? onDisk.getSourceFile(file, target, ...rest) : ts.createSourceFile(file, text, target);
    },
  };
  const program = ts.createProgram([...examples.keys()], options, host);
  const diagnostics = [...examples.keys()].flatMap((file) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(file)),
  );
  return ts.formatDiagnostics(diagnostics, host);
}
