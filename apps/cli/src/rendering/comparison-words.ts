import type { RunComparison } from "@refold/runtime";

import type { Style } from "./style.ts";

/** What the two sides of a comparison are called, and what its verdicts mean. */
export interface ComparisonWords {
  readonly sides: readonly [first: string, second: string];
  readonly sum: (verdict: RunComparison["verdict"], style: Style) => string;
  /** Whether a difference is a finding against the second side. */
  readonly blames: boolean;
}

/** Two runs of a flow, which should be the same. */
export const TWO_RUNS: ComparisonWords = {
  sides: ["first", "second"],
  blames: true,
  sum(verdict, style) {
    switch (verdict) {
      case "matched":
        return `${style.green("matched")}: every stage gave the same in both runs`;
      case "diverged":
        return `${style.red("diverged")}: not every stage gave the same`;
      case "uncertified":
        return `${style.yellow("not certified")}: nothing differs, but not all could be compared`;
    }
  },
};

/** A fork and the run that it began as: that they differ may be what it was made for. */
export const FORK_AND_ORIGINAL: ComparisonWords = {
  sides: ["original", "fork"],
  blames: false,
  sum(verdict, style) {
    switch (verdict) {
      case "matched":
        return `${style.bold("The same")}: the fork's outputs are those of the original.`;
      case "diverged":
        return `${style.bold("Different")}: the fork's outputs differ from the original's.`;
      case "uncertified":
        return `${style.bold("The same, as far as compared")}: not all could be.`;
    }
  },
};
