// Two leaderboards over 3,201 movies: those that brought in most, and the distributors whose movies did so together.
//
//   npx refold run apps/examples/src/movie-leaders.flow.ts
import { flow, onEnd, topN, topNBy } from "refold";

import { readMovies } from "./movies.ts";

export default flow("movie-leaders", (f) => {
  const movies = f.source("movies", readMovies);

  // At most one output for each input: a movie whose gross nobody knows has no place in a ranking.
  const grossing = movies.filterMap("grossing", (movie) => {
    const { Title: title, Distributor: distributor, "Worldwide Gross": dollars } = movie;
    return dollars === null ? undefined : { title: String(title), distributor, dollars };
  });

  // The state holds ten movies and no more, however many come. Of equal ones the first to come is first.
  grossing
    .stateful("top-movies", topN({ n: 10, by: (movie) => movie.dollars, emit: onEnd() }))
    .sink("movies-out", ({ rank, item }) => console.log(`${rank}. ${item.title}: ${item.dollars} $`));

  // Here it holds a sum for each distributor. `everyN(500)` instead of `onEnd()` would show how the ranking comes about.
  grossing
    .filter("distributed", (movie) => movie.distributor !== null)
    .stateful(
      "top-distributors",
      topNBy({ n: 5, key: (movie) => movie.distributor, by: (movie) => movie.dollars, emit: onEnd() }),
    )
    .sink("distributors-out", ({ rank, key, sum }) => console.log(`${rank}. ${key ?? ""}: ${sum} $`));
});
