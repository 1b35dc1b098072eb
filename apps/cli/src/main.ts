import { runCli } from "./cli.ts";
import { EXIT } from "./exit-codes.ts";
import { processIo } from "./process-io.ts";
import { reportFault } from "./report-fault.ts";
import { tellEarlyExit } from "./tell-early-exit.ts";

const io = processIo();
const expectExit = tellEarlyExit();
const exitNow = (code: number): void => {
  expectExit();
  io.exitNow(code);
};
const code = await runCli(process.argv.slice(2), { ...io, exitNow }).catch((bug: unknown) => {
  void io.stderr.write(
    `refold: this is a bug of refold. ${bug instanceof Error ? (bug.stack ?? bug.message) : String(bug)}\n`,
  );
  return EXIT.machine;
});
await io.stdout.flush();
const { failure } = io.stdout;
// Whoever asked did not get what was asked for.
const ended =
  failure === undefined
    ? code
    : reportFault({ exit: EXIT.machine, message: `cannot write to standard output: ${failure}` }, io);
await io.stderr.flush();
expectExit();
// A flow may have left a timer or a connection behind, which must not keep the command from ending.
process.exit(ended);
