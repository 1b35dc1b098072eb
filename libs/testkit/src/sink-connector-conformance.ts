import { using } from "./conformance/using.ts";
import { check, equal } from "./conformance/expect.ts";
import { DrivenSink } from "./sink-connector-conformance/driven-sink.ts";
import type {
  FailingSinkConnector,
  SinkConnectorConformance,
  SinkConnectorUnderTest,
} from "./sink-connector-conformance/under-test.ts";

/**
 * Adds tests for every promise of the `SinkConnector` port to the test runner. Each test opens a sink of its own. What a sink
 * cannot show without help, such as an outside that refuses, is tested when its profile is given.
 */
export function sinkConnectorConformance<T>(suite: SinkConnectorConformance<T>): void {
  const { describe, it } = suite.runner;
  const { items, profiles = {} } = suite;
  if (items.length < 4) throw new RangeError(`${suite.name} is to be tested with at least four items`);
  const test = (
    promise: string,
    body: (under: SinkConnectorUnderTest<T>, items: readonly T[]) => Promise<void>,
  ): void => it(promise, () => using(suite.open, (under) => body(under, items)));

  describe(`${suite.name} is a SinkConnector`, () => {
    test("describes itself in the same words each time, and touches nothing", describesItself);
    test("delivers nothing by being opened and closed, or drained", deliversNothing);
    test("delivers all items, in their order", deliversAll);
    test("delivers batches of any size, in their order", deliversBatches);
    test("has delivered what it says it has, whenever it says so", saysWhatIsSo);
    test("makes safe what it was given when it is flushed, and goes on", flushes);
    test("can be closed in the midst of its input", closesMidway);
    test("changes nothing in the items that it is given, and nothing in their batch", leavesItemsAlone);
    test("delivers once what it is given twice under one key, if it promises to", deliversAgain);
    test("keeps what it has delivered when its run is resumed, and goes on behind it", goesOn);
    const { rejected, failing } = profiles;
    if (rejected !== undefined) {
      const mixed = [...items.slice(0, 2), rejected, ...items.slice(2), rejected];
      test("fails an item that it does not take, and none besides", (under) => failsAlone(under, mixed, rejected));
    }
    if (failing !== undefined) {
      it("throws when its outside refuses, and can still be closed", () =>
        using(failing, (under) => throwsAndCloses(under, items)));
    }
  });
}

async function describesItself<T>({ connector, delivered }: SinkConnectorUnderTest<T>): Promise<void> {
  const text = connector.describe();
  check(typeof text === "string" && text.trim() !== "", "the description says something");
  equal(connector.describe(), text, "the description, asked for again");
  equal(await delivered(), [], "what was delivered by describing it");
}

async function deliversNothing<T>({ connector, delivered }: SinkConnectorUnderTest<T>): Promise<void> {
  await (await DrivenSink.open(connector)).close();
  await (await DrivenSink.open(connector)).end();
  equal(await delivered(), [], "what was delivered without an item");
}

async function deliversAll<T>(under: SinkConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const sink = await DrivenSink.open(under.connector);
  await sink.deliver(items);
  await sink.end();
  equal(sink.outside, items, "the items with a receipt that they are outside");
  equal(await under.delivered(), items, "what was delivered");
}

async function deliversBatches<T>(under: SinkConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const sink = await DrivenSink.open(under.connector);
  await sink.deliver(items.slice(0, 1));
  await sink.deliver(items.slice(1, 3));
  await sink.deliver(items.slice(3));
  await sink.end();
  equal(sink.outside, items, "the items with a receipt that they are outside");
  equal(await under.delivered(), items, "what was delivered");
}

async function saysWhatIsSo<T>(under: SinkConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const sink = await DrivenSink.open(under.connector);
  for (const [index, item] of items.entries()) {
    await sink.deliver([item]);
    if (index % 2 === 1) await sink.flush();
    const { outside } = sink;
    equal((await under.delivered()).slice(0, outside.length), outside, `what was delivered after item ${index}`);
  }
  await sink.end();
}

async function flushes<T>(under: SinkConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const sink = await DrivenSink.open(under.connector);
  for (const end of [2, items.length]) {
    await sink.deliver(items.slice(sink.deliveries.length, end));
    await sink.flush();
    await sink.flush();
    equal(sink.buffered, [], "the items still buffered after a flush");
    equal(await under.delivered(), items.slice(0, end), "what was delivered after a flush");
  }
  await sink.end();
  equal(await under.delivered(), items, "what was delivered in the end");
}

async function closesMidway<T>(under: SinkConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const sink = await DrivenSink.open(under.connector);
  await sink.deliver(items.slice(0, 2));
  const { outside } = sink;
  await sink.close();
  const delivered = await under.delivered();
  equal(delivered.slice(0, outside.length), outside, "what was delivered before it was closed");
  check(delivered.length <= 2, "nothing is delivered that was not given");
}

async function leavesItemsAlone<T>(under: SinkConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const sink = await DrivenSink.open(under.connector);
  const given = items.map((item) => frozen(structuredClone(item)));
  await sink.deliver(given);
  await sink.end();
  equal(given, items, "the items after they were delivered");
  equal(await under.delivered(), items, "what was delivered of frozen items");
}

async function deliversAgain<T>(under: SinkConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  for (const count of [2, items.length]) {
    // The process died before any receipt was on record.
    const sink = await DrivenSink.open(under.connector, count === 2 ? undefined : 0);
    await sink.deliver(items.slice(0, count));
    await sink.flush();
    await sink.close();
  }
  const { guarantee } = under.connector;
  if (guarantee === "at-least-once") return;
  equal(await under.delivered(), items, `what an ${guarantee} sink delivered of items that it was given twice`);
}

async function goesOn<T>(under: SinkConnectorUnderTest<T>, items: readonly T[]): Promise<void> {
  const first = await DrivenSink.open(under.connector);
  await first.deliver(items.slice(0, 2));
  await first.flush();
  await first.close();
  const second = await DrivenSink.open(under.connector, 2);
  equal(await under.delivered(), items.slice(0, 2), "what was delivered when the run is resumed");
  await second.deliver(items.slice(2));
  await second.end();
  equal(await under.delivered(), items, "what was delivered by both processes");
}

async function failsAlone<T>(under: SinkConnectorUnderTest<T>, mixed: readonly T[], rejected: T): Promise<void> {
  const sink = await DrivenSink.open(under.connector);
  await sink.deliver(mixed);
  await sink.end();
  const taken = mixed.filter((item) => item !== rejected);
  equal(sink.failed, [rejected, rejected], "the items that failed");
  equal(sink.outside, taken, "the items with a receipt that they are outside");
  equal(await under.delivered(), taken, "what was delivered");
}

async function throwsAndCloses<T>(under: FailingSinkConnector<T>, items: readonly T[]): Promise<void> {
  const sink = await DrivenSink.open(under.connector);
  await sink.deliver(items.slice(0, 2));
  await sink.flush();
  under.fail();
  const threw = await sink
    .deliver(items.slice(2))
    .then(() => sink.flush())
    .then(
      () => false,
      () => true,
    );
  check(threw || sink.failed.length > 0, "what cannot be delivered is told of");
  equal(sink.outside, items.slice(0, 2), "the items with a receipt that they are outside");
  await sink.close().catch(() => undefined);
}

/** The same value, which throws at whoever tries to change it. */
function frozen<V>(value: V): V {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
