// From one CSV file to another. This flow reads 10,000 strikes of birds on aircraft, makes numbers of their texts, and writes
// those whose speed is known to a new file. The other rows go on record as rejected, with what is wrong with them, and do not
// end the run.
//
//   OUTPUT=strikes.csv npx refold run apps/examples/src/csv-to-csv.flow.ts
//
// Without OUTPUT the file goes to the folder for temporary files. A run that was killed can be resumed: it reads on where the
// log ends, and in the end the new file has each row once.
import { tmpdir } from "node:os";
import { join } from "node:path";

import { csvFile, csvSink } from "@refold/csv";
import { count, flow, onEnd } from "refold";

import { readStrikeSpeed } from "./strike-speed.ts";
import { dataPath } from "./data-file.ts";

export default flow("csv-to-csv", (f) => {
  // Rows have the text of these columns, and the compiler knows their names. A file that lacks one is refused.
  const rows = f.source(
    "rows",
    csvFile({
      path: dataPath("birdstrikes.csv"),
      columns: ["Flight Date", "Origin State", "Wildlife Species", "Cost Total $", "Speed IAS in knots"],
    }),
  );

  // What cannot be read is rejected, not thrown, and the run goes on.
  const strikes = rows.tryMap("strikes", readStrikeSpeed);

  // How much of the file is committed is kept beside it, so that no row is written twice.
  strikes.sink("file", csvSink({ path: process.env["OUTPUT"] ?? join(tmpdir(), "refold-bird-strikes.csv") }));

  // The rejected rows leave on a lane of their own. Here they are counted by what is wrong with them.
  strikes.errors
    .stateful("reasons", count({ key: ({ message }) => message, emit: onEnd() }))
    .sink("reasons-out", ({ key, value }) => console.log(`${value} left out: ${key}`));
});
