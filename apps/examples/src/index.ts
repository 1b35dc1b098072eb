export { default as earthquakeSwarms } from "./earthquake-swarms.flow.ts";
export { default as flightDelays } from "./flight-delays.flow.ts";
export { default as joinedRoutes } from "./joined-routes.flow.ts";
export { default as weatherWindows } from "./weather-windows.flow.ts";
