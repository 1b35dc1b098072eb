import type { RunReader } from "@refold/core";

/** What is to be said when the end of the log was cut short. */
export function tornTailNote({ tornTail }: Pick<RunReader, "tornTail">): string | undefined {
  if (tornTail === undefined) return undefined;
  const { segment, offset, bytes } = tornTail;
  return (
    `The end of the log was cut short, as by a crash or a full disk: ${bytes} bytes in segment ${segment} from offset ${offset} on ` +
    "are no whole frame, and are not shown. Everything before them is whole."
  );
}
