// A join brings two streams together. This flow looks both airports of each flight up in the table of airports, and counts
// between which cities the most flights go: a city may have several airports, and both ways count as one route.
//
//   npx refold run apps/examples/src/joined-routes.flow.ts
//
// Other than in flight-delays.flow.ts the table is a source of its own. So it is on record: a replay does not read it again,
// and every joined record names the rows of both sides that led to it.
import { flow, groupBy, onEnd } from "refold";

import { readAirports } from "./airports.ts";
import { mostFlown, type Route } from "./busiest-routes.ts";
import { readFlights } from "./flights.ts";

export default flow("joined-routes", (f) => {
  const airports = f.source("airports", readAirports);

  // The references are read to their end first; meanwhile the flights wait, and no more of them are read than there is room
  // for. Both look into the same table, by another key of the flight. A strict join fails at a flight whose airport is not in
  // the table; "inner" would drop it, "left" would hand over undefined.
  const withCities = f.source("flights", readFlights).join(
    "with-cities",
    {
      origin: { from: airports, key: (airport) => airport.code, on: (flight) => flight.origin },
      destination: { from: airports, key: (airport) => airport.code, on: (flight) => flight.destination },
    },
    {
      kind: "strict",
      combine: (flight, { origin, destination }) => ({
        cities: [`${origin.city}, ${origin.state}`, `${destination.city}, ${destination.state}`].sort(),
        delay: flight.delay,
      }),
    },
  );

  const perRoute = withCities.stateful(
    "per-route",
    groupBy({
      key: ({ cities }) => cities.join(" – "),
      initial: (): Route => ({ flights: 0, delayMinutes: 0 }),
      fold: ({ flights, delayMinutes }, { delay }) => ({ flights: flights + 1, delayMinutes: delayMinutes + delay }),
      emit: onEnd(),
    }),
  );

  perRoute.stateful("busiest", mostFlown(10)).sink("table", ({ route, flights, delayMinutes }) => {
    const mean = delayMinutes / flights;
    console.log(`${String(flights).padStart(4)} flights  ${mean.toFixed(1).padStart(5)} min late  ${route}`);
  });
});
