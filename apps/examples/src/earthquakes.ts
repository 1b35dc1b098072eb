import { dataFile } from "./data-file.ts";

export interface Earthquake {
  /** In milliseconds since 1970. */
  readonly atMs: number;
  /** Below 0 for the weakest. */
  readonly magnitude: number;
  /** The network that reported it, such as `hv` for the volcanoes of Hawaii. */
  readonly network: string;
  readonly place: string;
}

/** What was reported in a week of 2018, from the earliest to the latest. The file has the latest first. */
export function readEarthquakes(): readonly Earthquake[] {
  const { features } = JSON.parse(dataFile("earthquakes.json")) as { readonly features?: unknown };
  if (!Array.isArray(features)) throw new TypeError("earthquakes.json: no list of features");
  return features.map(readEarthquake).reverse();
}

function readEarthquake(feature: unknown, index: number): Earthquake {
  const { properties } = feature as { readonly properties?: Readonly<Record<string, unknown>> };
  const { time, mag, net, place } = properties ?? {};
  const isEarthquake =
    typeof time === "number" && typeof mag === "number" && typeof net === "string" && typeof place === "string";
  if (!isEarthquake) throw new TypeError(`earthquakes.json, feature ${index}: not an earthquake`);
  return { atMs: time, magnitude: mag, network: net, place };
}
