import { safeText } from "./safe-text.ts";

/** The frames of a stack that are in the author's code, without the message, which is told apart. */
export function stackFrames(stack: string): readonly string[] {
  const lines = safeText(stack)
    .split("\n")
    .map((line) => line.trim());
  return lines.filter(
    (line) => /^at /.test(line) && !/[/\\](@refold|libs)[/\\]runtime[/\\]|[( ](node|ext|native):/.test(line),
  );
}
