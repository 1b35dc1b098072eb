import type { RunReader } from "@refold/core";

/** What is to be said when the end of the log was cut short by a crash. */
export function tornTailNote({ tornTail }: Pick<RunReader, "tornTail">): string | undefined {
  if (tornTail === undefined) return undefined;
  const { segment, offset, bytes } = tornTail;
  return (
    `The end of the log was cut short by a crash: ${bytes} bytes in segment ${segment} from offset ${offset} on ` +
    "are no whole frame, and are not shown. Everything before them is whole."
  );
}
