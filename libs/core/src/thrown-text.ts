/**
 * What was thrown, in a few words: `TypeError: x is not a function`, with the system's code where the message lacks it.
 * Anything can be thrown, also what throws when it is looked at.
 */
export function thrownText(thrown: unknown): string {
  try {
    if (typeof thrown === "string") return thrown;
    if (thrown === null || typeof thrown !== "object") return String(thrown);
    if (!(thrown instanceof Error)) return "something that is not an Error";
    const { code } = thrown as { readonly code?: unknown };
    const prefix = typeof code === "string" && !thrown.message.includes(code) ? `${code}: ` : "";
    const text = `${prefix}${thrown.message}`;
    if (text === "") return thrown.name;
    return thrown.name === "Error" ? text : `${thrown.name}: ${text}`;
  } catch {
    return "an error that cannot be read";
  }
}
