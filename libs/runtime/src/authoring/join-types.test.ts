import { describe, expectTypeOf, it } from "vitest";

import { eventType } from "@refold/core";

import { flow, type FlowBuilder } from "./flow.ts";
import type { StageStream } from "./stream.ts";

interface Flight {
  readonly carrier: string;
  readonly origin: string;
  readonly delay: number;
}
interface Carrier {
  readonly code: string;
  readonly name: string;
}
interface Airport {
  readonly iata: string;
  readonly city: string;
}

const flights: readonly Flight[] = [];
const carriers: readonly Carrier[] = [];
const airports: readonly Airport[] = [];

/** What a build function would do. It is checked by the compiler and never run. */
const typed = (build: (f: FlowBuilder) => void): void => void flow("typed", build);

describe("the compiler, of a join,", () => {
  it("infers what every function is given, so that nobody annotates it", () => {
    typed((f) => {
      const stream = f.source("flights", flights);
      const named = stream.join("named", f.source("carriers", carriers), {
        key: (carrier) => carrier.code,
        on: (flight) => flight.carrier,
        combine: (flight, carrier, context) => {
          expectTypeOf(flight).toEqualTypeOf<Flight>();
          expectTypeOf(carrier).toEqualTypeOf<Carrier>();
          return { delay: flight.delay, carrier: carrier.name, at: context.now };
        },
      });
      expectTypeOf(named).toEqualTypeOf<StageStream<{ delay: number; carrier: string; at: number }, Flight>>();
    });
  });

  it("infers several references by their names", () => {
    typed((f) => {
      const placed = f.source("flights", flights).join(
        "placed",
        {
          carrier: {
            from: f.source("carriers", carriers),
            key: (carrier) => carrier.code,
            on: (flight) => flight.carrier,
          },
          origin: { from: f.source("airports", airports), key: ({ iata }) => iata, on: ({ origin }) => origin },
        },
        {
          read: "live",
          matches: "each",
          combine: ({ delay }, { carrier, origin }, context) => {
            expectTypeOf(carrier).toEqualTypeOf<Carrier>();
            expectTypeOf(origin).toEqualTypeOf<Airport>();
            return [delay, carrier.name, origin.city, context.now] as const;
          },
        },
      );
      expectTypeOf(placed).toEqualTypeOf<StageStream<readonly [number, string, string, number], Flight>>();
    });
  });

  it("gives a left join what may be missing, and the other kinds what is there", () => {
    typed((f) => {
      const stream = f.source("flights", flights);
      const from = f.source("carriers", carriers);
      const by = { key: ({ code }: Carrier) => code, on: ({ carrier }: Flight) => carrier };
      const left = stream.join("left", from, { ...by, kind: "left", combine: (_, carrier) => carrier?.name });
      expectTypeOf(left).toEqualTypeOf<StageStream<string | undefined, Flight>>();
      const strict = stream.join("strict", from, { ...by, kind: "strict", combine: (_, carrier) => carrier.name });
      expectTypeOf(strict).toEqualTypeOf<StageStream<string, Flight>>();
      // @ts-expect-error there may be no carrier
      stream.join("unchecked", from, { ...by, kind: "left", combine: (_, carrier) => carrier.name });
      stream.join(
        "several",
        { carrier: { from, ...by } },
        {
          kind: "left",
          combine: (_, { carrier }) => expectTypeOf(carrier).toEqualTypeOf<Carrier | undefined>(),
        },
      );
    });
  });

  it("refuses what does not fit together", () => {
    typed((f) => {
      const stream = f.source("flights", flights);
      const from = f.source("carriers", carriers);
      // @ts-expect-error a text never equals a number
      stream.join("texts", from, { key: ({ code }) => code, on: ({ delay }) => delay, combine: () => 1 });
      // @ts-expect-error an object is no key
      stream.join("objects", from, { key: (carrier) => carrier, on: (flight) => flight, combine: () => 1 });
      // @ts-expect-error a pure stage must not await
      stream.join("later", from, { key: ({ code }) => code, on: ({ carrier }) => carrier, combine: async () => 1 });
      // @ts-expect-error there is no such kind
      stream.join("outer", from, { kind: "outer", key: ({ code }) => code, on: (f) => f.carrier, combine: () => 1 });
      const by = { key: ({ code }: Carrier) => code, on: ({ carrier }: Flight) => carrier };
      const type = eventType<number>("number");
      stream.join("numbers", from, { ...by, combine: () => 1 }, { type });
      // @ts-expect-error the type is of numbers, the join gives texts
      stream.join("names", from, { ...by, combine: (_, { name }) => name }, { type });
    });
  });
});
