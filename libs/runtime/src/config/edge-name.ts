import type { EdgeEnds } from "@refold/topology";

/** How people write an edge. Names hold no `>`, so it can be read back. */
export function edgeName({ from, to }: EdgeEnds): string {
  return `${from} -> ${to}`;
}

/** Reads `from -> to`, with or without spaces around the arrow; undefined for anything else. */
export function parseEdgeName(text: string): EdgeEnds | undefined {
  const parts = text.split("->").map((part) => part.trim());
  const [from, to] = parts;
  if (parts.length !== 2 || from === undefined || to === undefined || from === "" || to === "") return undefined;
  return { from, to };
}
