import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData, type ResolutionKind } from "@arethetypeswrong/core";
import { problemAffectsResolutionKind } from "@arethetypeswrong/core/problems";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import type { Tarball } from "./pack.ts";

/** The ways of resolving that an ESM-only package serves: `import` on Node, and bundlers. */
const ESM_ONLY: readonly ResolutionKind[] = ["node16-esm", "bundler"];

/** What is wrong with a packed package, by its files, by publint and by attw; a sentence each. */
export async function lintTarball(tarball: Tarball): Promise<readonly string[]> {
  const bytes = new Uint8Array(readFileSync(tarball.path));
  const problems = [...fileProblems(tarball), ...(await publintProblems(bytes)), ...(await attwProblems(bytes))];
  return problems.map((problem) => `${tarball.name}: ${problem}`);
}

function fileProblems({ files }: Tarball): readonly string[] {
  return [
    ...["dist/index.js", "dist/index.d.ts", "src/index.ts"]
      .filter((file) => !files.includes(file))
      .map((file) => `${file} is not packed`),
    ...files
      .filter((file) => /\.test\.|\.tsbuildinfo$/.test(file))
      .map((file) => `${file} is packed, and is of no use to anyone`),
  ];
}

async function publintProblems(bytes: Uint8Array<ArrayBuffer>): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, level: "warning" });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

async function attwProblems(bytes: Uint8Array): Promise<readonly string[]> {
  const result = await checkPackage(createPackageFromTarballData(bytes));
  if (result.types === false) return ["attw: no types found"];
  return result.problems
    .filter((problem) => ESM_ONLY.some((kind) => problemAffectsResolutionKind(problem, kind, result)))
    .map((problem) => `attw: ${JSON.stringify(problem)}`);
}
