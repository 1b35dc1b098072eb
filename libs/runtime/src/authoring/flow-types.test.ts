import { describe, expectTypeOf, it } from "vitest";

import { eventType, type SinkConnector, type SourceConnector } from "@refold/core";

import { batches } from "./batches.ts";
import { conflate } from "./conflate.ts";
import { count } from "./count.ts";
import { distinct } from "./distinct.ts";
import { flow, type FlowBuilder } from "./flow.ts";
import { groupBy, type Group } from "./group-by.ts";
import { placeholder } from "./placeholder.ts";
import { poll } from "./poll.ts";
import { reduce } from "./reduce.ts";
import { seekable } from "./seekable.ts";
import { always, onEnd, within } from "./schedule.ts";
import { topNBy, type RankedKey } from "./top-n-by.ts";
import { topN, type Ranked } from "./top-n.ts";
import type { Synchronous } from "./pure-handler.ts";
import type { StageStream, Stream, WindowStream } from "./stream.ts";
import { session, tumbling } from "./window-kinds.ts";
import type { WindowResult } from "./window-spec.ts";

interface Order {
  readonly id: string;
  readonly customer: string;
  readonly total: number;
}

type Change = { readonly kind: "placed"; readonly order: Order } | { readonly kind: "cancelled"; readonly id: string };

const orders: readonly Order[] = [];
const changes: readonly Change[] = [];

/** What a build function would do. It is checked by the compiler and never run. */
const typed = (build: (f: FlowBuilder) => void): void => void flow("typed", build);

describe("the compiler", () => {
  it("infers what every handler is given, so that nobody annotates it", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      expectTypeOf(source).toEqualTypeOf<Stream<Order>>();
      const named = source.map("named", (order, context) => {
        expectTypeOf(order).toEqualTypeOf<Order>();
        expectTypeOf(context.now).toEqualTypeOf<number>();
        return { name: order.customer, at: context.now };
      });
      expectTypeOf(named).toEqualTypeOf<StageStream<{ name: string; at: number }, Order>>();
      const letters = named.flatMap("letters", ({ name }) => name.split(""));
      expectTypeOf(letters).toEqualTypeOf<StageStream<string, { name: string; at: number }>>();
      const codes = letters.transform("codes", (letter, emit: (code: number) => void) => emit(letter.charCodeAt(0)));
      expectTypeOf(codes).toEqualTypeOf<StageStream<number, string>>();
      codes.sink("out", (code) => {
        expectTypeOf(code).toEqualTypeOf<number>();
      });
    });
  });

  it("infers the handlers of a stateful stage, also within groupBy as its argument", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      const totals = source.stateful(
        "totals",
        groupBy({
          key: (order) => order.customer,
          initial: () => ({ count: 0, sum: 0 }),
          fold: ({ count, sum }, order, context) => {
            expectTypeOf(context.stage).toEqualTypeOf<string>();
            return { count: count + 1, sum: sum + order.total };
          },
          emit: onEnd(),
        }),
      );
      expectTypeOf(totals).toEqualTypeOf<StageStream<Group<string, { count: number; sum: number }>, Order>>();
      const ids = totals.stateful("ids", {
        initial: () => new Set<string>(),
        fold: (seen, { key }) => seen.add(key),
        project: (seen) => [...seen],
        emit: onEnd(),
      });
      expectTypeOf(ids).toEqualTypeOf<StageStream<string, Group<string, { count: number; sum: number }>>>();
    });
  });

  it("infers what ready-made specs are given, and what they emit", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      const sum = source.stateful(
        "sum",
        reduce({ initial: () => 0, fold: (all, { total }) => all + total, emit: always() }),
      );
      expectTypeOf(sum).toEqualTypeOf<StageStream<number, Order>>();
      const largest = source.stateful(
        "largest",
        reduce({ fold: (a, b) => (b.total > a.total ? b : a), emit: onEnd() }),
      );
      expectTypeOf(largest).toEqualTypeOf<StageStream<Order, Order>>();
      const latest = source.stateful("latest", conflate({ key: (order) => order.customer, emit: within(100) }));
      expectTypeOf(latest).toEqualTypeOf<StageStream<Order, Order>>();
      const top = source.stateful("top", topN({ n: 3, by: (order) => order.total, emit: onEnd() }));
      expectTypeOf(top).toEqualTypeOf<StageStream<Ranked<Order>, Order>>();
      const leaders = source.stateful(
        "leaders",
        topN({ n: 3, by: (order) => order.total, key: (order) => order.id, emit: onEnd() }),
      );
      expectTypeOf(leaders).toEqualTypeOf<StageStream<Ranked<Order>, Order>>();
      const best = source.stateful(
        "best",
        topNBy({ n: 3, key: (order) => order.customer, by: (order) => order.total, emit: onEnd() }),
      );
      expectTypeOf(best).toEqualTypeOf<StageStream<RankedKey<string>, Order>>();
      const firsts = source.stateful("firsts", distinct({ key: (order) => order.id }));
      expectTypeOf(firsts).toEqualTypeOf<StageStream<Order, Order>>();
      expectTypeOf(source.map("ids", (order) => order.id).stateful("once", distinct())).toEqualTypeOf<
        StageStream<string, string>
      >();
      expectTypeOf(source.stateful("all", count({ emit: onEnd() }))).toEqualTypeOf<StageStream<number, Order>>();
      const each = source.stateful("each", count({ key: (order) => order.customer, emit: onEnd() }));
      expectTypeOf(each).toEqualTypeOf<StageStream<Group<string, number>, Order>>();
      // @ts-expect-error orders are objects, and need a key
      source.stateful("orders-once", distinct());
      // @ts-expect-error an object is no key
      source.stateful("by-object", distinct({ key: (order) => order }));
    });
  });

  it("infers the handlers of a window stage, and what it emits with and without a key and a projection", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      const counts = source.window("counts", {
        over: tumbling(1_000),
        time: (order) => order.total,
        initial: () => 0,
        fold: (count, order, context) => {
          expectTypeOf(order).toEqualTypeOf<Order>();
          expectTypeOf(context.now).toEqualTypeOf<number>();
          return count + 1;
        },
      });
      expectTypeOf(counts).toEqualTypeOf<WindowStream<WindowResult<undefined, number>, Order>>();
      expectTypeOf(counts.late).toEqualTypeOf<Stream<Order>>();
      const ids = source.window("ids", {
        over: session({ gapMs: 1_000 }),
        time: (order) => order.total,
        key: (order) => order.customer,
        initial: () => new Set<string>(),
        fold: (seen, order) => seen.add(order.id),
        merge: (earlier, later) => new Set([...earlier, ...later]),
        project: ({ key, start, value, revision }) => {
          expectTypeOf([start, revision]).toEqualTypeOf<number[]>();
          return { customer: key, orders: value.size };
        },
      });
      expectTypeOf(ids).toEqualTypeOf<WindowStream<{ customer: string; orders: number }, Order>>();
      const keyed = source.window("keyed", {
        over: tumbling(1_000),
        time: (order) => order.total,
        key: (order) => order.customer,
        initial: () => 0n,
        fold: (count) => count + 1n,
      });
      expectTypeOf(keyed).toEqualTypeOf<WindowStream<WindowResult<string, bigint>, Order>>();
    });
  });

  it("asks for a way to merge sessions, and for none to merge other windows", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      const counted = {
        time: (order: Order) => order.total,
        initial: () => 0,
        fold: (count: number) => count + 1,
      };
      // @ts-expect-error two sessions may become one
      source.window("sessions", { over: session({ gapMs: 1 }), ...counted });
      // @ts-expect-error tumbling windows never become one
      source.window("tumbling", { over: tumbling(1), ...counted, merge: (a: number, b: number) => a + b });
      // @ts-expect-error a pure stage must not await
      source.window("awaiting", { over: tumbling(1), ...counted, project: async () => 1 });
    });
  });

  it("infers a source's items from what opens them, at once or later", () => {
    typed((f) => {
      expectTypeOf(f.source("a", [1])).toEqualTypeOf<Stream<number>>();
      expectTypeOf(f.source("b", () => ["x"])).toEqualTypeOf<Stream<string>>();
      expectTypeOf(f.source("c", async () => new Set([1n]))).toEqualTypeOf<Stream<bigint>>();
      expectTypeOf(
        f.source("d", async function* () {
          yield { at: new Date(0) };
        }),
      ).toEqualTypeOf<Stream<{ at: Date }>>();
    });
  });

  it("infers the items of streams, of lists, of polls and of connectors, and gives a function the platform's own signal", () => {
    const connector: SourceConnector<Date> = {
      extent: "finite",
      describe: () => "dates",
      open: () => ({ read: () => ({ items: [new Date(0)], done: true }) }),
    };
    typed((f) => {
      expectTypeOf(f.source("a", new ReadableStream<number>())).toEqualTypeOf<Stream<number>>();
      expectTypeOf(f.source("b", () => new ReadableStream<string>())).toEqualTypeOf<Stream<string>>();
      expectTypeOf(f.source("c", batches([[1], [2, 3]]))).toEqualTypeOf<Stream<number>>();
      expectTypeOf(
        f.source(
          "d",
          batches(async function* () {
            yield ["x"];
          }),
        ),
      ).toEqualTypeOf<Stream<string>>();
      expectTypeOf(
        f.source(
          "e",
          seekable(({ skip }) => [BigInt(skip)]),
        ),
      ).toEqualTypeOf<Stream<bigint>>();
      const polled = poll(async ({ cursor, limit, signal }) => {
        expectTypeOf(cursor).toEqualTypeOf<unknown>();
        expectTypeOf(limit).toEqualTypeOf<number>();
        await fetch("http://localhost", { signal });
        return { items: [{ id: "a" }], cursor: 1 };
      });
      expectTypeOf(f.source("f", polled)).toEqualTypeOf<Stream<{ id: string }>>();
      expectTypeOf(f.source("g", connector)).toEqualTypeOf<Stream<Date>>();
      expectTypeOf(
        f.source("h", async ({ signal }) => {
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
          return [true];
        }),
      ).toEqualTypeOf<Stream<boolean>>();
      // @ts-expect-error a batch is a list of items
      f.source("i", batches([1, 2]));
      // @ts-expect-error what is polled gives batches
      const listed = poll(() => [1]);
      f.source("j", listed);
    });
  });

  it("narrows what a filter with a type guard lets pass", () => {
    typed((f) => {
      const source = f.source("changes", changes);
      const placed = source.filter("placed", (change) => change.kind === "placed");
      expectTypeOf(placed).toEqualTypeOf<StageStream<Extract<Change, { kind: "placed" }>, Change>>();
      expectTypeOf(source.filter("all", () => true)).toEqualTypeOf<StageStream<Change, Change>>();
    });
  });

  it("gives a merge the union of its streams", () => {
    typed((f) => {
      const merged = f.merge(f.source("numbers", [1]), f.source("words", ["a"]), f.source("flags", [true]));
      expectTypeOf(merged).toEqualTypeOf<Stream<number | string | boolean>>();
    });
  });

  it("refuses a handler that awaits, by a text that says why", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      // @ts-expect-error a pure stage must not await
      source.map("priced", async (order: Order) => order.total);
      // @ts-expect-error a pure stage must not await
      source.map("later", (order: Order) => Promise.resolve(order));
      // @ts-expect-error a promise of true is always true
      source.filter("kept", async () => true);
      // @ts-expect-error an async generator is not iterable at once
      source.flatMap("lines", async function* () {
        yield 1;
      });
      // @ts-expect-error nobody would await what it emits later
      source.transform<number>("emitted", async (order, emit) => emit(order.total));
    });
    expectTypeOf<Synchronous<Promise<number>>>().toEqualTypeOf<"a pure stage must not await">();
    typed((f) => {
      // @ts-expect-error it awaits now and then
      f.source("orders", orders).map("cached", (order: Order) => (order.total > 0 ? Promise.resolve(1) : 2));
    });
  });

  it("refuses a stateful stage that awaits, wherever it does", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      const project = (sum: number): readonly number[] => [sum];
      const emit = onEnd();
      // @ts-expect-error a pure stage must not await
      source.stateful("initial", { initial: async () => 0, fold: (sum) => sum, project: () => [1], emit });
      source.stateful("fold", {
        initial: () => 0,
        // @ts-expect-error a promise is no state
        fold: async (sum: number, order) => sum + order.total,
        project,
        emit,
      });
      // @ts-expect-error a promise cannot be iterated over
      source.stateful("project", { initial: () => 0, fold: (sum: number) => sum, project: async () => [1], emit });
    });
  });

  it("takes a handler that always throws, and one of which nobody knows what it returns", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      const none = source.map("none", (): never => {
        throw new Error("not yet");
      });
      none.map("after", (nothing) => nothing);
      source.map("unknown", (order): unknown => order);
    });
    expectTypeOf<Synchronous<never>>().toEqualTypeOf<unknown>();
    expectTypeOf<Synchronous<ReturnType<typeof JSON.parse>>>().toEqualTypeOf<unknown>();
  });

  it("takes a placeholder for any handler, which keeps the types of the others", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      expectTypeOf(source.map("nothing", placeholder("later"))).toEqualTypeOf<StageStream<never, Order>>();
      const priced = source.map("priced", placeholder<number>("later"));
      expectTypeOf(priced).toEqualTypeOf<StageStream<number, Order>>();
      expectTypeOf(source.map<number>("also-priced", placeholder("later"))).toEqualTypeOf<typeof priced>();
      expectTypeOf(priced.filter("large", placeholder("later"))).toEqualTypeOf<StageStream<number, number>>();
      expectTypeOf(priced.filterMap("some", placeholder<string | undefined>("later"))).toEqualTypeOf<
        StageStream<string, number>
      >();
      expectTypeOf(f.source<Order>("later", placeholder("later"))).toEqualTypeOf<Stream<Order>>();
      expectTypeOf(f.source("also-later", placeholder<Order[]>("later"))).toEqualTypeOf<Stream<Order>>();
      const flat = source.flatMap("flat", placeholder<string[]>("later"));
      expectTypeOf(flat).toEqualTypeOf<StageStream<string, Order>>();
      const grouped = source.stateful(
        "grouped",
        groupBy({
          key: ({ customer }) => customer,
          initial: () => 0,
          fold: placeholder("later"),
          emit: onEnd(),
        }),
      );
      expectTypeOf(grouped).toEqualTypeOf<StageStream<Group<string, number>, Order>>();
      const counted = source.stateful("counted", {
        initial: () => 0,
        fold: placeholder("later"),
        project: (count) => {
          expectTypeOf(count).toEqualTypeOf<number>();
          return [count];
        },
        emit: onEnd(),
      });
      expectTypeOf(counted).toEqualTypeOf<StageStream<number, Order>>();
      flat.transform("general", placeholder("later"));
      flat.tryMap("tried", placeholder("later"));
      flat.observe("seen", placeholder("later")).sink("out", placeholder("later"));
    });
  });

  it("infers what an observer is shown, and lets it return anything but a promise", () => {
    typed((f) => {
      const source = f.source("orders", orders);
      const priced = source.map("priced", ({ total }) => total);
      const seen: number[] = [];
      const same = priced.observe("seen", (total, { place, timeMs }) => {
        expectTypeOf(total).toEqualTypeOf<number>();
        expectTypeOf(place).toEqualTypeOf<string>();
        expectTypeOf(timeMs).toEqualTypeOf<number>();
        return seen.push(total);
      });
      expectTypeOf(same).toEqualTypeOf(priced);
      priced.observe("all", {
        item: (total) => {
          expectTypeOf(total).toEqualTypeOf<number>();
          return seen.push(total);
        },
        rejected: ({ input, message }) => {
          expectTypeOf(input).toEqualTypeOf<unknown>();
          expectTypeOf(message).toEqualTypeOf<string>();
        },
        lifecycle: ({ stage, to }) => {
          expectTypeOf(stage).toEqualTypeOf<string>();
          expectTypeOf(to).toEqualTypeOf<string>();
        },
      });
      priced.observe("throws", () => {
        throw new Error("never well");
      });
      // @ts-expect-error an observer must not await
      priced.observe("awaits", async (total: number) => void total);
      // @ts-expect-error an observer must not await
      priced.observe("also-awaits", { rejected: async () => undefined });
      // @ts-expect-error there is no such thing to see
      priced.observe("misspelt", { items: () => undefined });
    });
  });

  it("refuses what does not fit together", () => {
    const numberSink: SinkConnector<number> = {
      guarantee: "idempotent",
      describe: () => "numbers",
      open: () => ({ write: () => undefined }),
    };
    typed((f) => {
      const source = f.source("orders", orders);
      // @ts-expect-error the sink takes numbers, the stream has orders
      source.sink("out", numberSink);
      // @ts-expect-error the function takes a text, the stream has orders
      source.sink("out", (text: string) => void text);
      // @ts-expect-error orders have no price
      source.map("priced", (order): unknown => order.price);
      // @ts-expect-error a predicate says yes or no
      source.filter("kept", (order) => order.total);
      // @ts-expect-error a number is not several outputs
      source.flatMap("several", (order) => order.total);
      // @ts-expect-error a stream is merged with streams
      f.merge(source, orders);
      // @ts-expect-error a number is not iterable
      f.source("numbers", 42);
      const ended = source.sink("end", () => undefined);
      expectTypeOf(ended).toEqualTypeOf<void>();
    });
  });

  it("holds outputs to the event type that a stage declares", () => {
    const total = eventType<number>("total");
    typed((f) => {
      const source = f.source("orders", orders, { type: eventType<Order>("order") });
      expectTypeOf(source.map("totals", (order) => order.total, { type: total })).toEqualTypeOf<
        StageStream<number, Order>
      >();
      // @ts-expect-error the type is of numbers, the handler gives texts
      source.map("names", (order) => order.customer, { type: total });
      // @ts-expect-error the type is of numbers, the source has orders
      f.source("again", orders, { type: total });
    });
  });
});
