import { expect, it } from "vitest";

import { rawData, recordedExample } from "../test/recorded-example.ts";
import movieLeaders from "./movie-leaders.flow.ts";
import movieProfits from "./movie-profits.flow.ts";

const movies = JSON.parse(rawData("movies.json")) as readonly {
  readonly Title: unknown;
  readonly Distributor: string | null;
  readonly "Worldwide Gross": number | null;
  readonly "Production Budget": number | null;
}[];

it("ranks the movies and the distributors as sorting all of them does", async () => {
  const { recorded, printed } = await recordedExample(movieLeaders);
  const grossing = movies.filter((movie) => movie["Worldwide Gross"] !== null);
  const gross = (movie: (typeof movies)[number]): number => movie["Worldwide Gross"] ?? 0;
  const best = [...grossing].sort((a, b) => gross(b) - gross(a)).slice(0, 10);
  expect(recorded.payloads("top-movies")).toEqual(
    best.map((movie, index) => ({
      rank: index + 1,
      value: gross(movie),
      item: { title: movie.Title, distributor: movie.Distributor, dollars: gross(movie) },
    })),
  );
  const sums = new Map<string, number>();
  for (const movie of grossing) {
    if (movie.Distributor !== null) sums.set(movie.Distributor, (sums.get(movie.Distributor) ?? 0) + gross(movie));
  }
  const distributors = [...sums].sort(([, a], [, b]) => b - a).slice(0, 5);
  expect(recorded.payloads("top-distributors")).toEqual(
    distributors.map(([key, sum], index) => ({ rank: index + 1, key, sum })),
  );
  expect(printed).toHaveLength(15);
});

it("uses what can be used of the movies, and tells of each of the others why not", async () => {
  const { recorded } = await recordedExample(movieProfits);
  const named = movies.filter(({ Title }) => typeof Title === "string");
  const known = named.filter((movie) => movie["Worldwide Gross"] !== null && movie["Production Budget"] !== null);
  const profit = known.reduce(
    (sum, each) => sum + Number(each["Worldwide Gross"]) - Number(each["Production Budget"]),
    0,
  );
  expect(recorded.payloads("sum")).toEqual([profit]);
  const reasons = new Map(
    recorded.payloads("reasons").map((payload) => {
      const { key, value } = payload as { readonly key: string; readonly value: number };
      return [key, value];
    }),
  );
  expect(reasons.get("deserialization: a title that is a number")).toBe(9);
  expect(reasons.get("deserialization: a title that is missing")).toBe(1);
  expect(reasons.get("domain: no gross")).toBe(named.filter((movie) => movie["Worldwide Gross"] === null).length);
  expect([...reasons.values()].reduce((sum, count) => sum + count, 0)).toBe(movies.length - known.length);
});
