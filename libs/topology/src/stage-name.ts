/** The longest name of a stage or a flow, in characters. */
export const MAX_NAME_LENGTH = 64;

/** The lane of the pipeline supervisor, which no stage may take. */
export const RESERVED_STAGE_NAME = "system";

/** What is wrong with a name. */
export type NameProblem = "empty" | "too-long" | "leading-dot" | "bad-character" | "reserved";

/**
 * The rule for a name: 1 to 64 characters out of ASCII letters, digits, `-`, `_` and `.`, and no dot at the start. Such
 * a name needs no escapes in a file name or a URL.
 * Returns the first problem found, or undefined for a good name.
 */
export function flowNameProblem(name: string): NameProblem | undefined {
  if (name.length === 0) return "empty";
  if (name.length > MAX_NAME_LENGTH) return "too-long";
  if (name.startsWith(".")) return "leading-dot";
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return "bad-character";
  return undefined;
}

/** The rule for the name of a stage: that of a flow, and `system` is taken. */
export function stageNameProblem(name: string): NameProblem | undefined {
  return name === RESERVED_STAGE_NAME ? "reserved" : flowNameProblem(name);
}
