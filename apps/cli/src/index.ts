export { runCli } from "./cli.ts";
export type { CliIo, StopSignal } from "./cli-io.ts";
export { EXIT, type ExitCode } from "./exit-codes.ts";
export type { TextOutput } from "./text-output.ts";
