import { onEnd, type StatefulSpec } from "refold";

import { isState } from "./us-states.ts";

/** The delays of the flights that began in one place. */
export interface OriginDelays {
  readonly flights: number;
  /** The sum of all delays; early arrivals count below zero. */
  readonly delayMinutes: number;
  /** How many were late by more than the limit. */
  readonly late: number;
}

/** A row of the table. */
export interface RankedRow extends OriginDelays {
  /** From 1; `undefined` for what is not one of the states. */
  readonly rank: number | undefined;
  readonly state: string;
  readonly meanDelayMinutes: number;
  /** From 0 to 1. */
  readonly lateShare: number;
}

/** What is ranked: a place with its delays. */
interface Entry {
  readonly key: string;
  readonly value: OriginDelays;
}

/**
 * Ranks the 50 states by their mean delay, the longest first; of equal means the one of more flights comes first, then the
 * one whose name is first in the alphabet. What is no state, such as Puerto Rico, follows without a rank.
 */
export function ranked(): StatefulSpec<Entry, Entry[], RankedRow> {
  return {
    initial: () => [],
    fold(entries, { key, value }) {
      entries.push({ key, value });
      return entries;
    },
    *project(entries) {
      const inOrder = [...entries].sort(byDelay);
      const states = inOrder.filter(({ key }) => isState(key));
      const others = inOrder.filter(({ key }) => !isState(key));
      for (const [index, state] of states.entries()) yield rowOf(state, index + 1);
      for (const other of others) yield rowOf(other, undefined);
    },
    emit: onEnd(),
  };
}

/** Means are compared as the fractions that they are: a/b > c/d exactly when a·d > c·b, for whole numbers of flights. */
function byDelay(a: Entry, b: Entry): number {
  return (
    b.value.delayMinutes * a.value.flights - a.value.delayMinutes * b.value.flights ||
    b.value.flights - a.value.flights ||
    (a.key < b.key ? -1 : 1)
  );
}

function rowOf({ key, value }: Entry, rank: number | undefined): RankedRow {
  const { flights, delayMinutes, late } = value;
  return {
    rank,
    state: key,
    flights,
    delayMinutes,
    late,
    meanDelayMinutes: delayMinutes / flights,
    lateShare: late / flights,
  };
}
