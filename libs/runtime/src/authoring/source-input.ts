import type { SourceConnector, SourceExtent } from "@refold/core";

import type { OpenedSource, OpenSource, SourcePlace } from "../definition/opened-source.ts";
import { BatchReader, Batches } from "./batches.ts";
import { isItems, type Items, type ItemsFunction } from "./items.ts";
import { readerOf } from "./items-reader.ts";
import { Seekable } from "./seekable.ts";
import type { SourceCall } from "./source-call.ts";

/**
 * What a source can be made of: items, a function that gives them afresh each run, `batches` or `seekable` of these, or a
 * connector, such as `poll` makes.
 */
export type SourceInput<T> = Items<T> | ItemsFunction<T, SourceCall> | Batches<T> | Seekable<T> | SourceConnector<T>;

/** A source, as far as what it is made of tells. */
export interface SourceForm {
  readonly open: OpenSource;
  readonly extent: SourceExtent;
  /** How it shows in a topology, where it says so. */
  readonly description: string | undefined;
}

/** `undefined` for what no source can be made of. */
export function sourceForm(input: unknown): SourceForm | undefined {
  if (input instanceof Batches) {
    const lists: unknown = input.lists;
    return isCallable(lists) || isItems(lists)
      ? items(lists, (opened) => new BatchReader(readerOf(opened)))
      : undefined;
  }
  if (input instanceof Seekable) return isCallable(input.items) ? seekableItems(input) : undefined;
  if (isCallable(input) || isItems(input)) return items(input, readerOf);
  return isConnector(input) ? connected(input) : undefined;
}

function items(from: unknown, read: (opened: unknown) => OpenedSource["reader"]): SourceForm {
  const opened = (given: unknown, { items: skip }: SourcePlace): OpenedSource => ({
    reader: read(given),
    skip,
    hearsSignal: false,
    mayRepeat: Array.isArray(given),
  });
  return {
    open: isCallable(from)
      ? async (place, signal) => opened(await from({ signal }), place)
      : (place) => opened(from, place),
    extent: "finite",
    description: undefined,
  };
}

function seekableItems({ items }: Seekable<unknown>): SourceForm {
  return {
    open: async ({ items: skip }, signal) => {
      const given = await items({ skip, signal });
      return { reader: readerOf(given), skip: 0, hearsSignal: false, mayRepeat: Array.isArray(given) };
    },
    extent: "finite",
    description: undefined,
  };
}

function connected(connector: SourceConnector<unknown>): SourceForm {
  return {
    open: async ({ cursor, itemsSinceCursor }, signal) => ({
      reader: checkedReader(await connector.open({ cursor, signal })),
      // An infinite source without a cursor has no beginning to be read again from.
      skip: cursor === undefined && connector.extent === "infinite" ? 0 : itemsSinceCursor,
      hearsSignal: true,
      mayRepeat: false,
    }),
    // One that does not say so is told of where the options are looked at.
    extent: connector.extent,
    description: typeof connector.describe === "function" ? connector.describe() : undefined,
  };
}

/** What the compiler may not have seen. */
function checkedReader(reader: OpenedSource["reader"] | null | undefined): OpenedSource["reader"] {
  if (reader === null || typeof reader?.read !== "function")
    throw new TypeError("what the connector opened has no `read`");
  return reader;
}

function isConnector(input: unknown): input is SourceConnector<unknown> {
  return typeof input === "object" && input !== null && isCallable((input as { readonly open?: unknown }).open);
}

/** What a function of the author's takes and gives is looked at when it is called. */
function isCallable(value: unknown): value is (at: unknown) => unknown {
  return typeof value === "function";
}
