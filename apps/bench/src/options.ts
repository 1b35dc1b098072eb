import { parseArgs } from "node:util";

import type { Scale } from "./bench-case.ts";
import { RUNTIMES, type Runtime } from "./runtimes.ts";

export interface Options {
  /** Names of benches. */
  readonly only: readonly string[];
  /** Only cases whose label contains this text. */
  readonly match: string;
  readonly runtimes: readonly Runtime[];
  readonly scale: Scale;
  readonly runs: number;
  readonly json: string | undefined;
  readonly reference: boolean;
  readonly targets: boolean;
  readonly scratch: string | undefined;
}

export const USAGE: string = `npm run bench -- [options]

  --only NAME[,NAME]     these benches alone: %BENCHES%
  --match TEXT           these cases alone, whose label contains the text, such as "3 stages"
  --runtime NAME[,NAME]  on these runtimes alone: ${RUNTIMES.join(", ")}
  --quick                small sizes and 3 runs: shows that it runs; the figures are rough
  --runs N               fresh processes for each case; 5 unless told
  --targets              prints the targets beside the figures
  --json FILE            where the results are written; results/<date>-<runtimes>.json unless told
  --reference            writes them to results/reference.json as well
  --scratch DIRECTORY    where the logs are written, on the disk to be measured; apps/bench/scratch unless told
`;

const FULL_RUNS = 5;
const QUICK_RUNS = 3;

/** Reads the command line. Throws with a sentence when it makes no sense; `undefined` when help is asked for. */
export function parseOptions(args: readonly string[], benches: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true },
      match: { type: "string", default: "" },
      runtime: { type: "string", multiple: true },
      quick: { type: "boolean", default: false },
      runs: { type: "string" },
      targets: { type: "boolean", default: false },
      json: { type: "string" },
      reference: { type: "boolean", default: false },
      scratch: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const runs = Number(values.runs ?? (values.quick ? QUICK_RUNS : FULL_RUNS));
  if (!Number.isSafeInteger(runs) || runs < 1)
    throw new Error(`--runs takes a whole number from 1, not ${values.runs}`);
  return {
    only: chosen("--only", values.only, benches),
    match: values.match,
    runtimes: chosen("--runtime", values.runtime, RUNTIMES),
    scale: values.quick ? "quick" : "full",
    runs,
    json: values.json,
    reference: values.reference,
    targets: values.targets,
    scratch: values.scratch,
  };
}

/** All that there are, unless some were named. */
function chosen<T extends string>(
  option: string,
  named: readonly string[] | undefined,
  known: readonly T[],
): readonly T[] {
  if (named === undefined) return known;
  const names = named.flatMap((each) => each.split(","));
  const unknown = names.find((name) => !known.some((each) => each === name));
  if (unknown !== undefined) throw new Error(`${option} takes ${known.join(", ")}, not ${unknown}`);
  return known.filter((each) => names.includes(each));
}
