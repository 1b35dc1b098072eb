/** What the exit codes of every command mean. The README's table says the same. */
export const EXIT = {
  /** The command did what it was asked; a replay matched. */
  done: 0,
  /** The run failed or was cancelled; a replay diverged. */
  failed: 1,
  /** A replay could not certify a part of the run. */
  uncertified: 2,
  /** Refused: bad usage, a flow or settings that cannot be used, a run that is not there, in use, damaged or of a later format. */
  refused: 3,
  /** The machine would not: no space, no permission, a device that fails. Or Refold has a bug. */
  machine: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** How a shell tells that a signal ended a process: 128 and the signal's number. */
export const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export const EXIT_CODES_HELP = `Exit codes:
  0    done; a replay, or a second run, matched
  1    the run failed or was cancelled; a replay, or a second run, diverged
  2    a part of the run could not be certified
  3    refused: bad usage, a flow or settings that cannot be used, a run that is missing, in use, damaged or of a later format
  4    the machine would not: no space, no permission, a device that fails; or refold has a bug
  130  a third interrupt (143: termination, 129: hangup) ended the process at once`;
