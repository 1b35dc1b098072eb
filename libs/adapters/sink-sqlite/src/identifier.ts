/** A name as it stands in a statement, whatever characters it is made of. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Why a name cannot be one of a table or a column; `undefined` if it can. */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== "string" || name === "") return "is no name";
  if (name.includes("\0") || !name.isWellFormed()) return "has characters that no name can have";
  return undefined;
}
