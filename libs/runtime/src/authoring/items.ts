/** As much of a web `ReadableStream` as is asked for here. Not every runtime lets one be iterated over. */
export interface ReadableStreamLike<T> {
  getReader(): ReadableStreamReaderLike<T>;
}

export interface ReadableStreamReaderLike<T> {
  read(): Promise<{ readonly done: boolean; readonly value?: T | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** What a source's items are read from. */
export type Items<T> = Iterable<T> | AsyncIterable<T> | ReadableStreamLike<T>;

/** Gives items afresh each time that it is called, at once or later. */
export type ItemsFunction<T, At> = (at: At) => Items<T> | Promise<Items<T>>;

/** Tells from other values what items can be read from; a text is meant to be one item, not a list of letters. */
export function isItems(value: unknown): value is Items<unknown> {
  return (
    typeof value === "object" && value !== null && (isIterable(value) || isAsyncIterable(value) || isStream(value))
  );
}

export function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === "function";
}

export function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}

export function isStream(value: object): value is ReadableStreamLike<unknown> {
  return typeof (value as Partial<ReadableStreamLike<unknown>>).getReader === "function";
}
