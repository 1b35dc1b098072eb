export { default as flightDelays } from "./flight-delays.flow.ts";
export { default as joinedRoutes } from "./joined-routes.flow.ts";
