/** What is wrong with names of columns, if anything is. */
export function columnsProblem(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return `it names column ${JSON.stringify(name)} twice`;
    // A row is a plain object, and the log keeps its keys: neither takes every text.
    if (name === "__proto__") return `a column cannot be called __proto__`;
    if (!name.isWellFormed()) return `the name of column ${JSON.stringify(name)} is not well-formed text`;
    seen.add(name);
  }
  return undefined;
}

/** Throws a RangeError if the columns that an author gives cannot be meant. */
export function checkColumns(columns: readonly string[]): void {
  if (columns.length === 0) throw new RangeError("columns: there has to be one");
  const problem = columnsProblem(columns);
  if (problem !== undefined) throw new RangeError(`columns: ${problem}`);
}

/** Throws a RangeError for what cannot part fields. */
export function checkDelimiter(delimiter: string): void {
  if (delimiter.length === 1 && !/["\r\n\uFEFF]/.test(delimiter) && delimiter.isWellFormed()) return;
  throw new RangeError(
    `delimiter ${JSON.stringify(delimiter)}: it has to be one character, and no quote or end of line`,
  );
}
