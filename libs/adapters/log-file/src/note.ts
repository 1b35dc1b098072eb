/** The fields of a small JSON file beside the segments; `undefined` when it holds no object. */
export function parseNote(text: string): Readonly<Record<string, unknown>> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Its fields stay unknown: whoever reads them checks them.
  return typeof json === "object" && json !== null ? (json as Readonly<Record<string, unknown>>) : undefined;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
