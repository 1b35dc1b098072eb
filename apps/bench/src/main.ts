import { fileURLToPath } from "node:url";

import { BENCHES } from "./benches.ts";
import { CHILD_FLAG, measureCase } from "./child.ts";
import { parseOptions, USAGE, type Options } from "./options.ts";
import { defaultResultsFile, REFERENCE_FILE, writeResults } from "./results-file.ts";
import { printTargets, runBenches } from "./run-benches.ts";

const names = BENCHES.map(({ name }) => name);
const usage = USAGE.replace("%BENCHES%", names.join(", "));
const [flag, ...rest] = process.argv.slice(2);

if (flag === CHILD_FLAG) await measureCase(rest);
else {
  const options = readOptions();
  if (options === undefined) console.log(usage);
  else process.exitCode = run(options);
}

function readOptions(): Options | undefined {
  try {
    return parseOptions(process.argv.slice(2), names);
  } catch (wrong) {
    console.error(`${wrong instanceof Error ? wrong.message : String(wrong)}\n\n${usage}`);
    process.exit(2);
  }
}

/** Being slow is no failure. */
function run(options: Options): 0 | 1 {
  const benches = BENCHES.filter(({ name }) => options.only.includes(name));
  const results = runBenches(benches, options, fileURLToPath(import.meta.url));
  if (results.rows.length === 0 && results.failures.length === 0) {
    console.error(`no case of these benches has "${options.match}" in its label`);
    return 1;
  }
  console.log(`${Object.values(results.runtimes).join(", ")}; ${options.scale} sizes`);
  if (options.targets) printTargets(results.rows);
  const file = options.json ?? defaultResultsFile(results);
  writeResults(file, results);
  if (options.reference) writeResults(REFERENCE_FILE, results);
  console.log(`results: ${file}`);
  for (const failure of results.failures) console.error(`\nfailed: ${failure}`);
  return results.failures.length === 0 ? 0 : 1;
}
