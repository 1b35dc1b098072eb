/** One fenced block of TypeScript in a Markdown file. */
export interface Fence {
  /** Counted from 1 over the runnable fences of its file. */
  readonly number: number;
  /** The line of the opening fence, counted from 1. */
  readonly line: number;
  readonly code: string;
}

const OPENING = /^(?<ticks>`{3,})(?<info>[^`]*)$/;

/** Every `ts` fence of a Markdown text that is to be run: those marked `ts ignore` are left out. */
export function runnableFences(markdown: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open:
    { readonly ticks: string; readonly info: string; readonly line: number; readonly code: string[] } | undefined;
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    if (open === undefined) {
      const groups = OPENING.exec(line)?.groups;
      if (groups !== undefined) {
        open = { ticks: groups["ticks"] ?? "", info: (groups["info"] ?? "").trim(), line: index + 1, code: [] };
      }
    } else if (line.startsWith(open.ticks) && line.slice(open.ticks.length).trim() === "") {
      if (open.info === "ts")
        fences.push({ number: fences.length + 1, line: open.line, code: open.code.join("\n") + "\n" });
      open = undefined;
    } else {
      open.code.push(line);
    }
  }
  return fences;
}
