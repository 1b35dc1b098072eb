// Sessions: windows that last for as long as inputs keep coming. This flow reads the earthquakes of one week, and tells of those
// times in which one network reported quake after quake.
//
//   npx refold run apps/examples/src/earthquake-swarms.flow.ts
import { flow, session } from "refold";

import { readEarthquakes } from "./earthquakes.ts";

const MINUTE_MS = 60_000;

/** From how many on it is a swarm. */
const SWARM = 10;

export default flow("earthquake-swarms", (f) => {
  const quakes = f.source("quakes", readEarthquakes);

  // Quakes of one network that are less than half an hour apart are one session. One that comes in between two sessions makes
  // one of them: therefore it has to be said how their values are merged.
  const sessions = quakes.window("sessions", {
    over: session({ gapMs: 30 * MINUTE_MS }),
    time: (quake) => quake.atMs,
    key: (quake) => quake.network,
    initial: () => ({ quakes: 0, strongest: Number.NEGATIVE_INFINITY, place: "" }),
    fold: (swarm, { magnitude, place }) => ({
      quakes: swarm.quakes + 1,
      ...(magnitude > swarm.strongest
        ? { strongest: magnitude, place }
        : { strongest: swarm.strongest, place: swarm.place }),
    }),
    merge: (earlier, later) => ({
      ...(later.strongest > earlier.strongest ? later : earlier),
      quakes: earlier.quakes + later.quakes,
    }),
    project: ({ key, start, end, value }) => ({
      network: key,
      from: new Date(start),
      minutes: Math.round((end - start) / MINUTE_MS) - 30,
      ...value,
    }),
  });

  sessions
    .filter("swarms", ({ quakes: count }) => count >= SWARM)
    .sink("swarms-out", ({ network, from, minutes, quakes: count, strongest, place }) => {
      const when = from.toISOString().slice(0, 16).replace("T", " ");
      console.log(`${when}  ${network}  ${count} quakes in ${minutes} min, the strongest ${strongest}: ${place}`);
    });
});
