// 10,000 birds met aircraft. One stage sorts the reports by what they hold: those without damage are only counted, damage is
// counted by the phase of the flight, and what was expensive is ranked.
//
//   npx refold run apps/examples/src/bird-strikes.flow.ts
import { count, eventType, flow, onEnd, topN } from "refold";

import { readBirdStrikes, type BirdStrike } from "./bird-strikes.ts";

/** A strike is expensive from here on. */
const EXPENSIVE_DOLLARS = 1_000_000;

// Each branch has an event type of its own, which goes on record with its records.
const harmless = eventType<{ readonly species: string }>("harmless-strike");
const damaging = eventType<BirdStrike>("damaging-strike");
const expensive = eventType<BirdStrike>("expensive-strike");

export default flow("bird-strikes", (f) => {
  const sorted = f
    .source("reports", readBirdStrikes)
    .route("sorted", { harmless, damaging, expensive }, (strike, to) => {
      if (strike.damage === "None") to.harmless({ species: strike.species });
      else to.damaging(strike);
      // A record may go to several branches.
      if (strike.dollars >= EXPENSIVE_DOLLARS) to.expensive(strike);
    });

  sorted.harmless
    .stateful("unharmed", count({ emit: onEnd() }))
    .sink("unharmed-out", (strikes) => console.log(`${strikes} strikes did no damage.`));
  sorted.damaging
    .stateful("by-phase", count({ key: ({ phase }) => phase, emit: onEnd() }))
    .sink("by-phase-out", ({ key, value }) => console.log(`${value} did damage: ${key}`));
  sorted.expensive
    .stateful("worst", topN({ n: 3, by: ({ dollars }) => dollars, emit: onEnd() }))
    .sink("worst-out", ({ rank, item }) => console.log(`${rank}. ${item.species}: ${item.dollars} $`));
});
