import { using } from "./conformance/using.ts";
import { check, equal } from "./conformance/expect.ts";
import { DrivenSource } from "./source-connector-conformance/driven-source.ts";
import { stored } from "./source-connector-conformance/stored.ts";
import type {
  FailingSourceConnector,
  SourceConnectorConformance,
  SourceConnectorUnderTest,
} from "./source-connector-conformance/under-test.ts";

/** A limit that no suite's items reach. */
const ALL = 100_000;

/**
 * Adds tests for every promise of the `SourceConnector` port to the test runner. Each test makes a source of its own. What a
 * source cannot show without help, such as an outside that refuses, is tested when its profile is given.
 */
export function sourceConnectorConformance<T>(suite: SourceConnectorConformance<T>): void {
  const { describe, it } = suite.runner;
  const { items, profiles = {} } = suite;
  if (items.length < 4) throw new RangeError(`${suite.name} is to be tested with at least four items`);
  const test = (
    promise: string,
    body: (under: SourceConnectorUnderTest<T>, items: readonly T[]) => Promise<void>,
  ): void => it(promise, () => using(suite.open, (under) => body(under, items)));

  describe(`${suite.name} is a SourceConnector`, () => {
    test("describes itself in the same words each time", describesItself);
    test("gives all items, in their order, and then says that it is done, if it is finite", givesAll);
    test("gives no more items at once than it may", keepsToLimits);
    test("gives what the log can store, and gives back as it was", canBeStored);
    test("gives what follows when it is opened at a cursor, at each that it gave", goesOn);
    test("gives what follows when it is opened at a cursor again and again", goesOnAgain);
    test("gives the same again when it is opened again from its beginning, if it is finite", givesAgain);
    test("can be closed before it is read, and in the midst of its items", closes);
    test("settles each read once it is told that no more is wanted, and makes nothing up", hearsSignal);
    const { failing } = profiles;
    if (failing !== undefined) {
      it("throws when its outside refuses, and goes on where it was when that is over, unless it says it is final", () =>
        using(failing, (under) => throwsAndGoesOn(under, items)));
    }
  });
}

/** Reads from a source, and closes it whatever comes. */
async function reading<T>(
  { connector }: SourceConnectorUnderTest<T>,
  cursor: unknown,
  body: (source: DrivenSource<T>) => Promise<void>,
): Promise<DrivenSource<T>> {
  const source = await DrivenSource.open(connector, cursor);
  try {
    await body(source);
  } finally {
    await source.close();
  }
  return source;
}

async function describesItself<T>({ connector }: SourceConnectorUnderTest<T>): Promise<void> {
  const text = connector.describe();
  check(typeof text === "string" && text.trim() !== "", "the description says something");
  equal(connector.describe(), text, "the description, asked for again");
  check(connector.extent === "finite" || connector.extent === "infinite", "it says whether it ends by itself");
}

async function givesAll<T>(under: SourceConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const source = await reading(under, undefined, (opened) => opened.readAll(items.length, ALL));
  equal(source.items, items, "the items that it gave");
}

async function keepsToLimits<T>(under: SourceConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  // What an infinite source gives when it is opened again from nowhere, the port does not say.
  const limits = under.connector.extent === "finite" ? [1, 2, 3, items.length - 1] : [2];
  for (const limit of limits) {
    const source = await reading(under, undefined, (opened) => opened.readAll(items.length, limit));
    equal(source.items, items, `the items that it gave, up to ${limit} at once`);
  }
}

async function canBeStored<T>(under: SourceConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const source = await reading(under, undefined, (opened) => opened.readUpTo(items.length, ALL));
  for (const [index, item] of source.items.entries()) equal(stored(item, `item ${index}`), item, `item ${index}`);
}

async function goesOn<T>(under: SourceConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const source = await reading(under, undefined, (opened) => opened.readAll(items.length, 1));
  for (const { items: before, cursor } of source.marks) {
    const rest = items.slice(before);
    const next = await reading(under, cursor, (opened) => opened.readAll(rest.length, 2));
    equal(next.items, rest, `the items that it gave behind the cursor of ${before}`);
  }
}

async function goesOnAgain<T>(under: SourceConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const all: T[] = [];
  let cursor: unknown;
  // Each opening stands for a process that was killed when one step more was on record.
  for (let openings = 0; all.length < items.length && openings <= items.length; openings++) {
    const step = await reading(under, cursor, (opened) => opened.readUpTo(1, 1));
    const mark = step.marks.at(-1);
    if (mark === undefined) return;
    all.push(...step.items.slice(0, mark.items));
    ({ cursor } = mark);
  }
  equal(all, items, "the items that it gave, opened anew for each");
}

async function givesAgain<T>(under: SourceConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  if (under.connector.extent === "infinite") return;
  await reading(under, undefined, (opened) => opened.readUpTo(2, 2));
  const source = await reading(under, undefined, (opened) => opened.readAll(items.length, ALL));
  equal(source.items, items, "the items that it gave when it was opened again");
}

async function closes<T>(under: SourceConnectorUnderTest<T>): Promise<void> {
  await reading(under, undefined, async () => undefined);
  await reading(under, undefined, (opened) => opened.readUpTo(2, 1));
}

async function hearsSignal<T>(under: SourceConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  for (const before of under.connector.extent === "finite" ? [0, 2] : [2]) {
    const source = await reading(under, undefined, async (opened) => {
      await opened.readUpTo(before, 1);
      // One read is under way when it is told; another begins afterwards.
      const underWay = opened.read(1);
      opened.abort();
      await underWay.catch(() => 0);
      await opened.read(1).catch(() => 0);
    });
    equal(source.items, items.slice(0, source.items.length), "the items that it gave until it was closed");
  }
}

async function throwsAndGoesOn<T>(under: FailingSourceConnector<T>, items: readonly T[]): Promise<void> {
  await reading(under, undefined, async (source) => {
    await source.readUpTo(1, 1);
    under.fail();
    // It may have read ahead.
    const failure = await source.readAll(items.length, 1).then(
      () => undefined,
      (cause: unknown) => ({ cause }),
    );
    check(failure !== undefined, "what cannot be read is told of");
    equal(source.items, items.slice(0, source.items.length), "the items that it gave before it failed");
    if (source.isFinal(failure.cause)) return;
    under.mend();
    await source.readAll(items.length, 1);
    equal(source.items, items, "the items that it gave in all");
  });
}
