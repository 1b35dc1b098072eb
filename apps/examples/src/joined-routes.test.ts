import { memoryStore, openRun } from "refold";
import { expect, it, vi } from "vitest";

import { RecordDecoder, type LogRecord, type Lsn } from "@refold/core";

import { dataFile } from "./data-file.ts";
import joinedRoutes from "./joined-routes.flow.ts";

/** Plain loops over the files' text: no CSV parser, no flow. */
function countAnew(): ReadonlyMap<string, number> {
  const cityOf = new Map<string, string>();
  for (const line of dataFile("airports.csv").split(/\r?\n/).slice(1)) {
    // No field before the state holds a comma but the name, which then stands in quotes.
    const [, code = "", city = "", state = ""] = /^(\w+),(?:"[^"]*"|[^,]*),([^,]*),([^,]*),/.exec(line) ?? [];
    cityOf.set(code, `${city}, ${state}`);
  }
  const flights = new Map<string, number>();
  for (const [, origin = "", destination = ""] of dataFile("flights-20k.json").matchAll(
    /"origin":"(\w+)","destination":"(\w+)"/g,
  )) {
    const route = [cityOf.get(origin), cityOf.get(destination)].sort().join(" – ");
    flights.set(route, (flights.get(route) ?? 0) + 1);
  }
  return flights;
}

it("the busiest routes are those that plain loops over the files count, and each flight names its airports", async () => {
  const anew = countAnew();
  const busiest = [...anew].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10);
  const store = memoryStore();
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const run = (await openRun(joinedRoutes, { store }))._unsafeUnwrap();
  const report = await run.handle.run();
  const printed = log.mock.calls.map(([line]) => String(line));
  log.mockRestore();
  expect(report).toMatchObject({ status: "completed", fault: undefined });
  expect([...anew.values()].reduce((sum, flights) => sum + flights, 0)).toBe(20_000);
  expect(printed.map((line) => /^ *(\d+) flights .* min late {2}(.*)$/.exec(line)?.slice(1))).toEqual(
    busiest.map(([route, flights]) => [String(flights), route]),
  );

  const [listed] = (await store.list())._unsafeUnwrap();
  if (listed?.kind !== "run") throw new Error("no run");
  const lane = listed.manifest.lanes.indexOf("with-cities");
  const decoder = new RecordDecoder();
  const joined: LogRecord[] = [];
  for await (const batch of (await store.open(listed.manifest.runId))._unsafeUnwrap().read(0 as Lsn)) {
    for (const frame of batch._unsafeUnwrap()) {
      if (frame.lane === lane) joined.push(...decoder.decode(frame.body)._unsafeUnwrap());
    }
  }
  const causes = joined.flatMap((record) => (record.kind === "data" ? [record.cause] : []));
  expect(causes).toHaveLength(20_000);
  // The flight, and one airport for each end.
  for (const cause of causes) expect(cause).toHaveLength(3);
});
