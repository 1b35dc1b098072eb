/** Result codes of SQLite (sqlite.org/rescode.html) that mean something to the sink. The low byte of an extended one is its family. */
const BUSY = 5;
const LOCKED = 6;
const TOO_BIG = 18;
const CONSTRAINT = 19;
const MISMATCH = 20;
const CONSTRAINT_TRIGGER = 1811;

const FAMILY = 0xff;

/** How better-sqlite3 tells codes; the other drivers give numbers. The first that a name begins with is its. */
const NAMED: readonly (readonly [prefix: string, code: number])[] = [
  ["SQLITE_ERROR", 1],
  ["SQLITE_READONLY", 8],
  ["SQLITE_IOERR", 10],
  ["SQLITE_CORRUPT", 11],
  ["SQLITE_FULL", 13],
  ["SQLITE_CANTOPEN", 14],
  ["SQLITE_NOTADB", 26],
  ["SQLITE_BUSY", BUSY],
  ["SQLITE_LOCKED", LOCKED],
  ["SQLITE_TOOBIG", TOO_BIG],
  ["SQLITE_CONSTRAINT_TRIGGER", CONSTRAINT_TRIGGER],
  ["SQLITE_CONSTRAINT", CONSTRAINT],
  ["SQLITE_MISMATCH", MISMATCH],
];

/** The result code of what a driver threw; `undefined` if it says none. */
export function resultCode(cause: unknown): number | undefined {
  // Whatever was thrown is looked at before it is used.
  const { errcode, errno, code } = (cause ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof errcode === "number") return errcode;
  if (typeof errno === "number") return errno;
  if (typeof code !== "string") return undefined;
  return NAMED.find(([prefix]) => code.startsWith(prefix))?.[1];
}

/** Whether somebody else holds the database now, so that the same may do later. */
export function isBusy(cause: unknown): boolean {
  const family = familyOf(cause);
  return family === BUSY || family === LOCKED;
}

/** Why the row alone is at fault; `undefined` where something else is. */
export function rowFault(cause: unknown): "domain" | "validation" | undefined {
  const family = familyOf(cause);
  if (family === CONSTRAINT) return "domain";
  return family === TOO_BIG || family === MISMATCH ? "validation" : undefined;
}

/** Whether a trigger refused the row: by `RAISE(FAIL)` it leaves there what the statement has done until then. */
export function isOfTrigger(cause: unknown): boolean {
  return resultCode(cause) === CONSTRAINT_TRIGGER;
}

function familyOf(cause: unknown): number | undefined {
  const code = resultCode(cause);
  return code === undefined ? undefined : code & FAMILY;
}
