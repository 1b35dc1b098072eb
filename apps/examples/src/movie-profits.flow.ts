// What movies made beyond their cost. The data are as data are: titles are missing, or numbers; so are sums of money. A stage
// rejects what it cannot use, says why, and the run goes on; what was rejected is a stream of its own.
//
//   npx refold run apps/examples/src/movie-profits.flow.ts
//   npx refold errors last
import { ok } from "neverthrow";
import { count, flow, onEnd, reduce, reject } from "refold";

import { readMovies } from "./movies.ts";

export default flow("movie-profits", (f) => {
  const movies = f.source("movies", readMovies);

  // Errors of kind `deserialization` leave here. Those of `validation` and `domain` would go along to the sink, marked, and no
  // handler after this one would be called for them.
  const named = movies.tryMap("named", (movie) =>
    typeof movie.Title === "string"
      ? ok({ ...movie, title: movie.Title })
      : reject("deserialization", `a title that is ${movie.Title === null ? "missing" : "a number"}`),
  );
  const profits = named.tryMap("profits", ({ title, "Worldwide Gross": gross, "Production Budget": budget }) => {
    if (gross === null) return reject("domain", "no gross");
    if (budget === null) return reject("domain", "no budget");
    return ok({ title, dollars: gross - budget });
  });

  profits
    .stateful("sum", reduce({ initial: () => 0, fold: (sum, { dollars }) => sum + dollars, emit: onEnd() }))
    .sink("sum-out", (dollars) => console.log(`All movies together made ${dollars} $.`));

  // The errors of both stages, merged like any streams. Each has its kind, its message, and the input that was rejected.
  f.merge(named.errors, profits.errors)
    .stateful("reasons", count({ key: ({ error, message }) => `${error}: ${message}`, emit: onEnd() }))
    .sink("reasons-out", ({ key, value }) => console.log(`${value} rejected, ${key}`));
});
