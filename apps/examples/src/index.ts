export { default as flightDelays } from "./flight-delays.flow.ts";
