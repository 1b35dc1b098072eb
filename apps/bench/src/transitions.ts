import { machine, type Machine } from "@refold/fsm";

import type { Bench, Metric, Scale } from "./bench-case.ts";
import { must } from "./must.ts";

const TRANSITIONS: Readonly<Record<Scale, number>> = { full: 10_000_000, quick: 500_000 };
const FOLDED_AT_ONCE = 1000;

type State = { readonly kind: "off"; readonly flips: number } | { readonly kind: "on"; readonly flips: number };
type Event = { readonly kind: "flip"; readonly by: number };
type Action = { readonly kind: "lamp"; readonly lit: boolean };

const FLIP: Event = { kind: "flip", by: 1 };

const counting: Machine<State, Event> = machine<State, Event>("counting toggle", { kind: "off", flips: 0 })
  .state("off", (s) => s.on("flip", "on", (state, { by }) => ({ state: { kind: "on", flips: state.flips + by } })))
  .state("on", (s) => s.on("flip", "off", (state, { by }) => ({ state: { kind: "off", flips: state.flips + by } })))
  .buildOrThrow();

const acting: Machine<State, Event, Action> = machine<State, Event, Action>("acting toggle", { kind: "off", flips: 0 })
  .state("off", (s) =>
    s
      .entry(() => [{ kind: "lamp", lit: false }])
      .exit(() => [{ kind: "lamp", lit: true }])
      .on("flip", "on", (state, { by }) => ({
        state: { kind: "on", flips: state.flips + by },
        actions: [{ kind: "lamp", lit: true }],
      })),
  )
  .state("on", (s) =>
    s
      .entry(() => [{ kind: "lamp", lit: true }])
      .exit(() => [{ kind: "lamp", lit: false }])
      .on("flip", "off", (state, { by }) => ({
        state: { kind: "off", flips: state.flips + by },
        actions: [{ kind: "lamp", lit: false }],
      })),
  )
  .buildOrThrow();

export const transitions: Bench = {
  name: "transitions",
  title: "Machines: a toggle of two states that counts its flips",
  cases: (scale) => [
    {
      label: "transition",
      measure: async () => measure(scale, "transitions/s", (count) => stepThrough(counting, count)),
    },
    {
      label: "transition, entry and exit hooks and an action",
      measure: async () => measure(scale, "transitions/s", (count) => stepThrough(acting, count)),
    },
    { label: "fold", measure: async () => measure(scale, "events/s", foldThrough) },
  ],
};

function measure(scale: Scale, unit: string, run: (count: number) => State): readonly Metric[] {
  const count = TRANSITIONS[scale];
  const rate = (each: (count: number) => State): number => {
    each(Math.ceil(count / 4));
    const startedMs = performance.now();
    const { flips } = each(count);
    const elapsedMs = performance.now() - startedMs;
    if (flips !== count) throw new Error(`${flips} flips after ${count} events`);
    return (count / elapsedMs) * 1000;
  };
  const value = rate(run);
  return [{ name: "throughput", unit, value, baseline: { what: "a hand-written switch", value: rate(switchThrough) } }];
}

function stepThrough<A>(toggle: Machine<State, Event, A>, count: number): State {
  let state = toggle.initial;
  for (let index = 0; index < count; index++) {
    const step = must(toggle.transition(state, FLIP));
    if (step.kind === "moved") ({ state } = step);
  }
  return state;
}

function foldThrough(count: number): State {
  const events = Array.from({ length: FOLDED_AT_ONCE }, () => FLIP);
  let state = counting.initial;
  for (let done = 0; done < count; done += FOLDED_AT_ONCE) state = must(counting.fold(events, state));
  return state;
}

function switchThrough(count: number): State {
  let state: State = { kind: "off", flips: 0 };
  for (let index = 0; index < count; index++) state = flipped(state, FLIP);
  return state;
}

function flipped(state: State, event: Event): State {
  switch (state.kind) {
    case "off":
      return { kind: "on", flips: state.flips + event.by };
    case "on":
      return { kind: "off", flips: state.flips + event.by };
  }
}
