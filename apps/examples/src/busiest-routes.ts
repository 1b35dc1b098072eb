import { onEnd, type StatefulSpec } from "refold";

/** The flights between two cities. */
export interface Route {
  readonly flights: number;
  /** The sum of all delays; early arrivals count below zero. */
  readonly delayMinutes: number;
}

/** A route with its cities. */
interface NamedRoute extends Route {
  readonly route: string;
}

/** What is counted: the cities with their flights. */
interface CountedRoute {
  readonly key: string;
  readonly value: Route;
}

/** The routes with the most flights, those first; of equal ones the one whose name is first in the order of its letters' codes. */
export function mostFlown(count: number): StatefulSpec<CountedRoute, NamedRoute[], NamedRoute> {
  return {
    initial: () => [],
    fold(routes, { key, value }) {
      routes.push({ route: key, ...value });
      return routes;
    },
    project: (routes) =>
      [...routes].sort((a, b) => b.flights - a.flights || (a.route < b.route ? -1 : 1)).slice(0, count),
    emit: onEnd(),
  };
}
