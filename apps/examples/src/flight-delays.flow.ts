// A flow is a graph of stages. This one reads 20,000 flights within the USA from the first months of 2001, finds out in which
// state each of them began, and tells how late the flights of each state were.
//
//   npx refold run apps/examples/src/flight-delays.flow.ts
//
// Whatever a stage puts out goes on record, with what led to it. So the run can be computed again later and compared,
// record by record: change a number in this file, replay the run with --verify, and see where the outcome first differs.
import { flow, groupBy, onEnd } from "refold";

import { airportsByCode } from "./airports.ts";
import { delayTable } from "./delay-table.ts";
import { readFlights } from "./flights.ts";
import { ranked, type OriginDelays } from "./ranking.ts";

/** A flight counts as late when it is delayed by more than this. */
const LATE_AFTER_MINUTES = 15;

export default flow("flight-delays", (f) => {
  // This function runs once, when the flow is built. The table of airports is read here, and is part of the flow's code:
  // it is not on record. Were it to change, a replay would show which records come out differently.
  const airports = airportsByCode();

  // A source brings in what is outside. It gets a function, which every run calls afresh; a replay does not call it, because
  // the flights of the run are on record.
  const flights = f.source("flights", readFlights);

  // A map puts out one record for each record that it takes. The handler is a plain function: the same input gives the same
  // output, today and in a replay. An airport that is not in the table, or not in the USA, gets a row of its own in the end.
  const withOrigin = flights.map("with-origin-state", (flight) => {
    const airport = airports.get(flight.origin);
    if (airport === undefined) return { ...flight, state: "(not in the table)" };
    return { ...flight, state: airport.country === "USA" ? airport.state : "(abroad)" };
  });

  // A stateful stage folds what it takes into a state; this one keeps a state for each key, and puts them out when all
  // flights have been read. Minutes are counted as whole numbers, so nothing is rounded on the way.
  const perState = withOrigin.stateful(
    "delay-per-state",
    groupBy({
      key: (flight) => flight.state,
      initial: (): OriginDelays => ({ flights: 0, delayMinutes: 0, late: 0 }),
      fold: (delays, { delay }) => ({
        flights: delays.flights + 1,
        delayMinutes: delays.delayMinutes + delay,
        late: delays.late + (delay > LATE_AFTER_MINUTES ? 1 : 0),
      }),
      emit: onEnd(),
    }),
  );

  // Another stateful stage gathers the rows of all states and puts them out in order. Its state is the list of rows.
  const table = perState.stateful("ranking", ranked());

  // A sink brings results outside: here it prints them. A replay delivers nothing, so nothing is printed twice.
  table.sink("table", delayTable());
});
