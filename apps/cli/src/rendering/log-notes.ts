import type { RunReader } from "@refold/core";

/** What is to be said of a log that is not whole. */
export function logNotes(reader: Pick<RunReader, "first" | "tornTail">): readonly string[] {
  return [letGoNote(reader), tornTailNote(reader)].filter((note) => note !== undefined);
}

function letGoNote({ first }: Pick<RunReader, "first">): string | undefined {
  if (first === 0) return undefined;
  return `Frames 0 to ${first - 1} were let go of: what is shown, and counted, begins with frame ${first}.`;
}

/** What is to be said when the end of the log was cut short. */
export function tornTailNote({ tornTail }: Pick<RunReader, "tornTail">): string | undefined {
  if (tornTail === undefined) return undefined;
  const { segment, offset, bytes } = tornTail;
  return (
    `The end of the log was cut short, as by a crash or a full disk: ${bytes} bytes in segment ${segment} from offset ${offset} on ` +
    "are no whole frame, and are not shown. Everything before them is whole."
  );
}
