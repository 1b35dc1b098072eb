import { runCli } from "./cli.ts";
import { EXIT } from "./exit-codes.ts";
import { processIo } from "./process-io.ts";

const io = processIo();
const code = await runCli(process.argv.slice(2), io).catch((bug: unknown) => {
  void io.stderr.write(
    `refold: this is a bug of refold. ${bug instanceof Error ? (bug.stack ?? bug.message) : String(bug)}\n`,
  );
  return EXIT.machine;
});
await Promise.all([io.stdout.flush(), io.stderr.flush()]);
// A flow may have left a timer or a connection behind, which must not keep the command from ending.
process.exit(code);
