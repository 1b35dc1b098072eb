import { isBusy, resultCode } from "./result-code.ts";
import { SqliteSinkError } from "./sqlite-fault.ts";

/** What a driver threw, as a fault of the sink. */
export function statementFault(
  cause: unknown,
  { doing, table, waitedMs }: { readonly doing: string; readonly table: string; readonly waitedMs: number },
): SqliteSinkError {
  if (isBusy(cause)) return new SqliteSinkError({ kind: "database-busy", table, waitedMs }, { cause });
  const code = resultCode(cause);
  const known = code === undefined ? {} : { code };
  const where = `table ${JSON.stringify(table)}: to ${doing}`;
  return new SqliteSinkError(
    { kind: "statement-failed", doing: where, ...known, message: messageOf(cause) },
    { cause },
  );
}

/** What SQLite says of it. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
