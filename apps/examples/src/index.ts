export { default as againstTheIndex } from "./against-the-index.flow.ts";
export { default as birdStrikes } from "./bird-strikes.flow.ts";
export { default as flightDelays } from "./flight-delays.flow.ts";
export { default as movieLeaders } from "./movie-leaders.flow.ts";
export { default as movieProfits } from "./movie-profits.flow.ts";
export { default as packageSizes } from "./package-sizes.flow.ts";
