import { expect, expectTypeOf, it } from "vitest";

import { EffectFailure, eventType } from "@refold/core";

import { effect } from "../authoring/effect.ts";
import { flow } from "../authoring/flow.ts";

it("infers what a call gives, and how it fails, from the effect alone", () => {
  const charge = effect({
    name: "charge",
    safety: "keyed",
    client: () => ({ post: async (amount: number) => Promise.resolve({ receipt: `r${amount}` }) }),
    close: (client) => void expectTypeOf(client.post).toBeFunction(),
    run: async (amount: number, { client, key }) => {
      expectTypeOf(key).toEqualTypeOf<string>();
      if (amount > 90) {
        return new EffectFailure({ error: "domain", message: "too much", detail: { over: amount - 90 } });
      }
      return client.post(amount);
    },
  });
  const ping = effect({ name: "ping", safety: "idempotent", run: (_: undefined) => true });
  const built = flow("typed", (f) => {
    const charged = f.source("amounts", [1, 2]).effectful("charged", {
      effects: { charge, ping },
      handle: async (amount, { effects, capture }) => {
        expectTypeOf(amount).toEqualTypeOf<number>();
        const outcome = await effects.charge(amount);
        if (outcome.isErr()) {
          expectTypeOf(outcome.error.detail).toEqualTypeOf<{ over: number } | undefined>();
          return undefined;
        }
        expectTypeOf(outcome.value).toEqualTypeOf<{ receipt: string }>();
        expectTypeOf(await capture("now", () => 1)).toEqualTypeOf<number>();
        // @ts-expect-error -- an amount is a number
        void (async () => effects.charge("1"));
        expectTypeOf<keyof typeof effects>().toEqualTypeOf<"charge" | "ping">();
        const pinged = await effects.ping(undefined);
        expectTypeOf(pinged.unwrapOr(false)).toEqualTypeOf<boolean>();
        return outcome.value.receipt;
      },
    });
    charged.map("length", (receipt) => {
      expectTypeOf(receipt).toEqualTypeOf<string>();
      return receipt.length;
    });
    f.source("emitted", [1])
      .effectful(
        "emitting",
        {
          effects: { ping },
          handle: (amount, { emit }) => {
            emit("one");
            // @ts-expect-error -- the event type is of texts
            emit(amount);
          },
        },
        { type: eventType<string>("emitting") },
      )
      .sink("texts", (text) => void expectTypeOf(text).toEqualTypeOf<string>());
    f.source("more", [1])
      .statefulEffects("counted", {
        effects: { charge },
        initial: () => ({ count: 0 }),
        handle: async (state, amount, { effects }) => {
          expectTypeOf(state).toEqualTypeOf<{ count: number }>();
          const outcome = await effects.charge(amount);
          return { state: { count: state.count + 1 }, outputs: [outcome.isOk()] };
        },
      })
      .sink("flags", (flag) => void expectTypeOf(flag).toEqualTypeOf<boolean>());
  });
  expect(built.name).toBe("typed");
});
