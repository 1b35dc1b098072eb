import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type BuildFault, type Kinded, type Machine, machine } from "./index.ts";

fc.configureGlobal({ seed: 20_261_121, numRuns: 500 });

/** How a random machine answers an event: moves (to one of several), stays, or ignores. */
type Answer =
  { readonly kind: "move"; readonly to: readonly string[] } | { readonly kind: "stay" } | { readonly kind: "ignore" };
type Answers = Readonly<Record<string, Answer>>;
interface Plan {
  readonly states: readonly { readonly name: string; readonly final: boolean; readonly answers: Answers }[];
  readonly wildcards: Answers;
}
interface Random extends Kinded {
  readonly steps: number;
}
interface Stimulus extends Kinded {
  readonly pick: number;
  readonly throws: "nothing" | "handler" | "entry" | "exit";
}

const EVENTS = ["e0", "e1", "e2", "e3"];

const plans: fc.Arbitrary<Plan> = fc.integer({ min: 1, max: 6 }).chain((count) => {
  const names = Array.from({ length: count }, (_, index) => `s${index}`);
  const answer: fc.Arbitrary<Answer> = fc.oneof(
    fc.record({
      kind: fc.constant("move" as const),
      to: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constantFrom("stay" as const, "ignore" as const) }),
  );
  const answers = fc.dictionary(fc.constantFrom(...EVENTS), answer, { maxKeys: 3, noNullPrototype: true });
  return fc.record({
    states: fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), final: fc.boolean(), answers }))),
    wildcards: answers,
  });
});

const stimuli: fc.Arbitrary<Stimulus> = fc.record({
  kind: fc.constantFrom(...EVENTS),
  pick: fc.nat(9),
  throws: fc.constant("nothing" as const),
});
const fragileStimuli: fc.Arbitrary<Stimulus> = fc.record({
  kind: fc.constantFrom(...EVENTS),
  pick: fc.nat(9),
  throws: fc.constantFrom(
    "nothing" as const,
    "nothing" as const,
    "handler" as const,
    "entry" as const,
    "exit" as const,
  ),
});

const boom = (stimulus: Stimulus, where: Stimulus["throws"]): void => {
  if (stimulus.throws === where) throw new Error(where);
};

/** Final states of a plan keep no answers but what they ignore. */
const kept = ({ final, answers }: Plan["states"][number]): [string, Answer][] =>
  Object.entries(answers).filter(([, { kind }]) => !final || kind === "ignore");

function describePlan({ states, wildcards }: Plan) {
  const move = (to: readonly string[]) => (state: Random, event: Stimulus) => {
    boom(event, "handler");
    return { state: { kind: to[event.pick % to.length] ?? "", steps: state.steps + 1 }, actions: [`by ${event.kind}`] };
  };
  const stay = (state: Random, event: Stimulus) => {
    boom(event, "handler");
    return { state: { ...state, steps: state.steps + 1 } };
  };
  let builder = machine<Random, Stimulus, string>("random", { kind: "s0", steps: 0 }).unhandled("fault");
  for (const [event, answer] of Object.entries(wildcards)) {
    if (answer.kind === "move") builder = builder.any(event, answer.to, move(answer.to));
    else if (answer.kind === "stay") builder = builder.anyStay(event, () => ({ actions: ["any"] }));
    else builder = builder.anyIgnore(event);
  }
  for (const described of states) {
    const { name, final } = described;
    if (final) {
      builder = builder.final(name, (s) =>
        kept(described).reduce(
          (sofar, [event]) => sofar.ignore(event),
          s.entry(() => [`in ${name}`]),
        ),
      );
      continue;
    }
    builder = builder.state(name, (s) => {
      const hooked = s
        .entry((_, event) => {
          boom(event, "entry");
          return [`in ${name}`];
        })
        .exit((_, event) => {
          boom(event, "exit");
          return [`out ${name}`];
        });
      return kept(described).reduce((sofar, [event, answer]) => {
        if (answer.kind === "move") return sofar.on(event, answer.to, move(answer.to));
        return answer.kind === "stay" ? sofar.stay(event, stay) : sofar.ignore(event);
      }, hooked);
    });
  }
  return builder.build();
}

/** What the machine must find wrong with the shape of a plan, worked out by repeating the definition until it holds. */
function naiveFaults({ states, wildcards }: Plan): BuildFault[] {
  const targets = (described: Plan["states"][number]): string[] => {
    if (described.final) return [];
    return EVENTS.flatMap((event) => {
      const answer = described.answers[event] ?? wildcards[event];
      return answer?.kind === "move" ? answer.to : [];
    });
  };
  let reached = ["s0"];
  for (let round = 0; round < states.length; round += 1) {
    reached = [...reached, ...states.filter(({ name }) => reached.includes(name)).flatMap(targets)];
  }
  return states.flatMap((described): BuildFault[] => {
    const { name, final } = described;
    const leaves = targets(described).some((target) => target !== name);
    if (name === "s0") return leaves ? [] : [{ kind: "initial-stuck", state: name }];
    return [
      ...(final || leaves ? [] : [{ kind: "stuck-state", state: name } as const]),
      ...(reached.includes(name) ? [] : [{ kind: "unreachable-state", state: name } as const]),
    ];
  });
}

/** Random plans, those that do not build left out. */
const machines: fc.Arbitrary<Machine<Random, Stimulus, string>> = plans
  .map(describePlan)
  .filter((built) => built.isOk())
  .map((built) => built._unsafeUnwrap());

describe("for any machine", () => {
  it("the build finds the faults of shape that a naive search finds, and no other", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const faults = describePlan(plan).match(
          () => [],
          (found) => [...found],
        );
        expect(faults).toEqual(naiveFaults(plan));
      }),
      { numRuns: 1_000 },
    );
  });

  it("a fold is its transitions one by one, and fails where and how they fail", () => {
    fc.assert(
      fc.property(machines, fc.array(fragileStimuli, { maxLength: 30 }), (built, events) => {
        let state = built.initial;
        for (const [index, event] of events.entries()) {
          const step = built.transition(state, event);
          if (step.isErr()) {
            expect(built.fold(events)._unsafeUnwrapErr()).toEqual({ ...step.error, index });
            return;
          }
          state = step.value.state;
        }
        expect(built.fold(events)._unsafeUnwrap()).toEqual(state);
      }),
    );
  });

  it("a fold may be broken off and taken up anywhere", () => {
    fc.assert(
      fc.property(machines, fc.array(stimuli), fc.array(stimuli), (built, head, tail) => {
        const whole = built.fold([...head, ...tail]);
        const parts = built.fold(head).andThen((state) => built.fold(tail, state));
        expect(parts.unwrapOr(undefined)).toEqual(whole.unwrapOr(undefined));
      }),
    );
  });

  it("a transition happens whole or not at all, and never changes what it was given", () => {
    fc.assert(
      fc.property(machines, fc.array(fragileStimuli, { maxLength: 30 }), (built, events) => {
        let state = Object.freeze({ ...built.initial });
        for (const event of events) {
          const before = { ...state };
          const step = built.transition(state, Object.freeze(event));
          expect(state).toEqual(before);
          if (step.isErr()) {
            expect(step.error.state).toBe(state);
            expect(step.error.event).toBe(event);
            if ("cause" in step.error) expect(step.error.cause).toEqual(new Error(event.throws));
            else expect(step.error.kind).toBe("unhandled-event");
            continue;
          }
          const { kind, actions, state: next } = step.value;
          if (kind === "ignored") expect(next).toBe(state);
          if (kind !== "moved") expect(next.kind).toBe(state.kind);
          if (kind === "moved") expect(actions).toEqual([`out ${state.kind}`, `in ${next.kind}`, `by ${event.kind}`]);
          state = Object.freeze(next);
        }
      }),
    );
  });

  it("the same events give the same states and actions, every time", () => {
    fc.assert(
      fc.property(plans, fc.array(fragileStimuli, { maxLength: 30 }), (plan, events) => {
        const [one, other] = [describePlan(plan), describePlan(plan)];
        if (one.isErr() || other.isErr()) return;
        let state = one.value.initial;
        for (const event of events) {
          const step = one.value.transition(state, event);
          expect(other.value.transition({ ...state }, { ...event })).toEqual(step);
          if (step.isOk()) state = step.value.state;
        }
      }),
    );
  });

  it("no move leads where the description has no edge", () => {
    fc.assert(
      fc.property(machines, fc.array(stimuli, { maxLength: 30 }), (built, events) => {
        const { edges, wildcards } = built.describe();
        let state = built.initial;
        for (const event of events) {
          const step = built.transition(state, event);
          if (step.isErr()) continue;
          const own = edges.find((edge) => edge.from === state.kind && edge.event === event.kind);
          const edge = own ?? wildcards.find((wildcard) => wildcard.event === event.kind);
          expect(step.value.kind).toBe({ move: "moved", stay: "stayed", ignore: "ignored" }[edge?.kind ?? "ignore"]);
          if (step.value.kind === "moved") expect(edge?.to).toContain(step.value.state.kind);
          state = step.value.state;
        }
      }),
    );
  });
});
