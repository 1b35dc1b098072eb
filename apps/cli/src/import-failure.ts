import { fileURLToPath } from "node:url";

import { safeText } from "./rendering/safe-text.ts";

/** Why a file could not be loaded as a module, for people. The loaders of Node (tsx), Bun and Deno each tell it in their own way. */
export function explainImportFailure(path: string, cause: unknown, what: string): string {
  const compile = compileErrors(cause);
  if (compile !== undefined)
    return [`The ${what} ${path} does not compile:`, ...compile.map((line) => `  ${line}`)].join("\n");
  const code = field(cause, "code");
  const message = plain(messageOf(cause));
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    return `The ${what} ${path} cannot be loaded, because an import was not found:\n  ${indented(message)}`;
  }
  const place = firstPlace(cause);
  const at = place === undefined ? "" : `\n  at ${place}`;
  return `The ${what} ${path} threw while it was loaded:\n  ${indented(`${nameOf(cause)}${message}`)}${at}`;
}

/** What the compiler says, one line for each error, each beginning with `file:line:column` where it is known. */
function compileErrors(cause: unknown): readonly string[] | undefined {
  const message = plain(messageOf(cause));
  if (field(cause, "name") === "TransformError") return esbuildErrors(message);
  const members = field(cause, "errors");
  const parts = Array.isArray(members) ? (members as readonly unknown[]) : [cause];
  const positioned = parts.map(bunError).filter((line) => line !== undefined);
  if (positioned.length > 0) return positioned;
  if (/^SyntaxError: |could not be parsed/.test(message)) return denoError(message);
  return cause instanceof SyntaxError ? [linkError(cause, message)] : undefined;
}

/** esbuild counts columns from 0; editors count from 1. */
function esbuildErrors(message: string): readonly string[] {
  const lines = [...message.matchAll(/^(.+):(\d+):(\d+): ERROR: (.+)$/gm)];
  if (lines.length === 0) return [message];
  return lines.map(
    ([, file, line, column, text]) => `${file ?? ""}:${line ?? ""}:${Number(column) + 1}: ${text ?? ""}`,
  );
}

function bunError(error: unknown): string | undefined {
  const position = field(error, "position");
  const [file, line, column] = [field(position, "file"), field(position, "line"), field(position, "column")];
  if (typeof file !== "string" || typeof line !== "number" || typeof column !== "number") return undefined;
  return `${file}:${line}:${column}: ${plain(messageOf(error))}`;
}

function denoError(message: string): readonly string[] {
  const [first = "", ...rest] = message.split("\n");
  const text = first.replace(/^SyntaxError: /, "");
  const place = rest.map(placeOfFrame).find((found) => found !== undefined);
  return [place === undefined ? text : `${place}: ${text}`];
}

/** A name that the imported module does not export. Deno says in the message itself where it was asked for. */
function linkError(cause: SyntaxError, message: string): string {
  const [, text = message, asked] = /^(.*) at (file:\/\/\S+:\d+:\d+)$/.exec(message) ?? [];
  const place = asked === undefined ? firstPlace(cause) : asPath(asked);
  return place === undefined ? text : `${place}: ${text}`;
}

/** The innermost place that is in a file of the author's, as `file:line:column`. */
function firstPlace(cause: unknown): string | undefined {
  const stack = field(cause, "stack");
  if (typeof stack !== "string") return undefined;
  const lines = plain(stack).split("\n");
  const linked = /^(\/|file:\/\/|[A-Z]:\\).+:\d+$/.exec(lines[0] ?? "");
  return linked === null ? lines.map(placeOfFrame).find((place) => place !== undefined) : asPath(linked[0]);
}

function placeOfFrame(line: string): string | undefined {
  const match = /^\s*at (?:.*\()?(.+:\d+:\d+)\)?$/.exec(line);
  const place = match?.[1];
  if (
    place === undefined ||
    /^(node|ext|bun|native|data):|node_modules|import-module\.[jt]s:/.test(place.replace(/^async /, ""))
  )
    return undefined;
  return asPath(place.replace(/^async /, ""));
}

function asPath(place: string): string {
  const url = /^(file:\/\/.+?)((?::\d+)+)$/.exec(place);
  if (url === null) return place;
  try {
    return `${fileURLToPath(url[1] ?? "")}${url[2] ?? ""}`;
  } catch {
    return place;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function messageOf(cause: unknown): string {
  const message = field(cause, "message");
  if (typeof message === "string") return message;
  return typeof cause === "string" ? cause : `a thrown ${cause === null ? "null" : typeof cause}`;
}

function nameOf(cause: unknown): string {
  const name = cause instanceof Error ? cause.name : undefined;
  return name === undefined ? "" : `${name}: `;
}

/** Without the colours that some loaders put into their messages. */
function plain(text: string): string {
  return safeText(text.replace(/\u001b\[[0-9;]*m/g, ""));
}

function indented(text: string): string {
  return text.split(/\n\s*/).join("\n  ");
}
