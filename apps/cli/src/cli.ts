import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { VERSION } from "refold";

import type { CliIo } from "./cli-io.ts";
import { errorsCommand, MAX_LISTED_ERRORS, type ErrorsArgs } from "./commands/errors.ts";
import { forkCommand, type ForkArgs } from "./commands/fork.ts";
import { logCommand, type LogArgs } from "./commands/log.ts";
import { replayCommand, type ReplayArgs } from "./commands/replay.ts";
import { resumeCommand, type ResumeArgs } from "./commands/resume.ts";
import { DURABILITIES, runCommand, type RunArgs } from "./commands/run.ts";
import { runsCommand, type RunsArgs } from "./commands/runs.ts";
import { showCommand, type ShowArgs } from "./commands/show.ts";
import { TOPOLOGY_FORMATS, topologyCommand, type TopologyArgs } from "./commands/topology.ts";
import { verifyCommand, type VerifyArgs } from "./commands/verify.ts";
import { EXIT, EXIT_CODES_HELP, type ExitCode } from "./exit-codes.ts";

const RUN_HELP = "an id, the beginning of one, `last` (the last one recorded, replays left aside), or its directory";

const SIGNALS_HELP = `
The first SIGINT, SIGTERM or SIGHUP ends the intake and lets what is on its way arrive, until shutdown.timeoutMs. The second
one cancels the run; either way it ends as cancelled, with its reason on record. The third one ends the process at once.`;

/** Runs one command line, without the program's own name, and gives the exit code. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done;
  const program = describe(io, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exit;
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    // Help and version end this way as well.
    return cause.exitCode === 0 ? EXIT.done : EXIT.refused;
  }
}

function describe(io: CliIo, finish: (code: ExitCode) => void): Command {
  const program = new Command("refold")
    .description("Records flows, and replays, verifies and shows their runs.")
    .version(VERSION, "--version", "print the version")
    .helpOption("-h, --help", "show this help, or that of a command")
    .addHelpText(
      "after",
      `\nRuns are kept in --runs DIR, or else in $REFOLD_RUNS, or else in ./runs.\n\n${EXIT_CODES_HELP}`,
    )
    .showHelpAfterError("(--help tells how a command is used)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    });
  // Values that commander has parsed by the options declared just beside each type.
  const command = (name: string, description: string): Command =>
    program.command(name).description(description).option("--runs <dir>", "where runs are kept");

  command("run", "run a flow to its end and put all of it on record")
    .argument("<file>", "a TypeScript file whose default export is a flow")
    .addOption(
      new Option(
        "--set <assignment>",
        "a setting: key=value, stage:NAME.key=value, 'edge:FROM->TO.key=value'; repeatable",
      ).argParser(collected),
    )
    .option(
      "--config <file>",
      "the configuration file; else refold.config.* beside the flow or in the working directory",
    )
    .addOption(
      new Option("--durability <level>", "when a record counts as safe; short for --set log.durability=LEVEL").choices(
        DURABILITIES,
      ),
    )
    .option("--metrics", "show the figures of the run when it has ended")
    .addHelpText("after", SIGNALS_HELP)
    .option("--json", "write the outcome as JSON; what the flow prints goes to standard error")
    .action(async (file: string, options: Omit<RunArgs, "file">) => finish(await runCommand({ file, ...options }, io)));

  command("resume", "go on with a run that was killed, cancelled, or failed, to its end")
    .argument("<run>", RUN_HELP)
    .option("--flow <file>", "the flow to go on with, instead of the file that was recorded")
    .option("--force", "go on although the flow does not compute what is on record; that goes on record as well")
    .option(
      "--retry-failed",
      "make calls of effects again that have failed on record, where a handler threw because of that; what it dealt with stays",
    )
    .option("--metrics", "show the figures of the run when it has ended")
    .option("--json", "write the outcome as JSON; what the flow prints goes to standard error")
    .addHelpText("after", SIGNALS_HELP)
    .action(async (run: string, options: Omit<ResumeArgs, "run">) =>
      finish(await resumeCommand({ run, ...options }, io)),
    );

  command("runs", "list the runs there are")
    .option("--json", "write one JSON object a line")
    .action(async (options: RunsArgs) => finish(await runsCommand(options, io)));

  command("show", "show what a run was and how it went")
    .argument("<run>", RUN_HELP)
    .option("--config", "show every setting that was in effect, and where it came from")
    .option("--json", "write one JSON object")
    .action(async (run: string, options: Omit<ShowArgs, "run">) => finish(await showCommand({ run, ...options }, io)));

  command("log", "write the records of a run, one a line")
    .argument("<run>", RUN_HELP)
    .option("--stage <name>", "only records of this stage; the pipeline's are under `system`")
    .option("--type <name>", "only data of this event type, or records of this kind")
    .option("--json", "write one JSON object a line, whole and without loss")
    .option("--follow", "go on with what is appended, until the run ends")
    .action(async (run: string, options: Omit<LogArgs, "run">) => finish(await logCommand({ run, ...options }, io)));

  command("errors", "list the inputs that stages rejected: how many of each kind, and the newest of them")
    .argument("<run>", RUN_HELP)
    .addOption(new Option("--limit <n>", "how many of the newest to list; 0 for none").argParser(listLimit).default(20))
    .option("--json", "write one JSON object")
    .action(async (run: string, options: Omit<ErrorsArgs, "run">) =>
      finish(await errorsCommand({ run, ...options }, io)),
    );

  inPart(command("replay", "compute a run again from what it recorded, as a new run, touching nothing outside"))
    .argument("<run>", RUN_HELP)
    .option("--verify", "tell by the exit code how the records compare")
    .option("--flow <file>", "the flow to replay with, instead of the file that was recorded")
    .option("--real-time", "hand frames on at the distances of time at which they were recorded; SIGINT gives it up")
    .addOption(
      new Option("--speed <factor>", "as --real-time, so many times as fast").argParser(speed).conflicts("realTime"),
    )
    .option("--json", "write the report as JSON")
    .action(async (run: string, options: Omit<ReplayArgs, "run">) =>
      finish(await replayCommand({ run, ...options }, io)),
    );

  inPart(command("verify", "compute a run again and compare, keeping nothing; or compare two runs, stage by stage"))
    .argument("<run>", RUN_HELP)
    .argument("[other]", "a second run of the flow, to compare with what the first one has on record")
    .option("--flow <file>", "the flow to verify with, instead of the file that was recorded")
    .option("--json", "write the report as JSON")
    .action(async (run: string, other: string | undefined, options: Omit<VerifyArgs, "run" | "other">) =>
      finish(await verifyCommand({ run, ...(other === undefined ? {} : { other }), ...options }, io)),
    );

  command("fork", "begin a new run as another one began, go on by itself, and compare the two")
    .argument("<run>", RUN_HELP)
    .requiredOption(
      "--at <point>",
      "the first frame to leave out: its number, or the place of a record in it, stage:seq",
    )
    .option("--flow <file>", "the flow to go on with, instead of the file that was recorded")
    .addOption(
      new Option("--set <assignment>", "a setting, over those of the run, as of `run`; repeatable").argParser(
        collected,
      ),
    )
    .option("--metrics", "show the figures of the run when it has ended")
    .option("--json", "write the outcome as JSON; what the flow prints goes to standard error")
    .addHelpText("after", SIGNALS_HELP)
    .action(async (run: string, options: Omit<ForkArgs, "run">) => finish(await forkCommand({ run, ...options }, io)));

  program
    .command("topology")
    .description("draw the graph of a flow")
    .argument("<file>", "a TypeScript file whose default export is a flow")
    .addOption(new Option("--format <format>", "how to draw it").choices(TOPOLOGY_FORMATS).default("mermaid"))
    .action(async (file: string, options: Omit<TopologyArgs, "file">) =>
      finish(await topologyCommand({ file, ...options }, io)),
    );
  return program;
}

/** What is replayed of a run, and where it is to be stopped. */
function inPart(command: Command): Command {
  return command
    .option("--until <record>", "the last record to replay: its place, stage:seq, or the number of its frame")
    .option("--stage <name>", "compute and compare this stage alone: no other handler is called")
    .addOption(
      new Option(
        "--cascade",
        "where anything diverges, show how far that reaches: what the stages after it would have given",
      ).conflicts("stage"),
    )
    .option("--break-at <record>", "stop a debugger before a handler takes the input at this place, stage:seq")
    .option("--inspect-brk", "with --break-at: open the inspector there, and wait for a debugger to attach");
}

/** Called once for each time that the option is there. */
function collected(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

function speed(text: string): number {
  const factor = Number(text);
  if (text.trim() !== "" && Number.isFinite(factor) && factor > 0) return factor;
  throw new InvalidArgumentError("It must be a number above 0, such as 10.");
}

function listLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit <= MAX_LISTED_ERRORS) return limit;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_LISTED_ERRORS}.`);
}
