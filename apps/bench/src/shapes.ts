import { fileStore } from "@refold/log-file";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { createRun, removeRun, timeRun } from "./bench-run.ts";
import { must } from "./must.ts";
import { fanInShape, fanOutShape, groupByShape, joinShape, plainShape, type Shape } from "./shape-flows.ts";
import { median } from "./statistics.ts";

interface ShapeCase {
  readonly label: string;
  readonly shape: Shape;
  /** Events of a run at full size, so that every case takes about as long. */
  readonly events: number;
}

const PLAIN_EVENTS = 500_000;
const SHAPES: readonly ShapeCase[] = [
  { label: "join with 1,000 references", shape: joinShape, events: 1_000_000 },
  { label: "groupBy of 100,000 keys", shape: groupByShape, events: 1_000_000 },
  { label: "fan-in of 5 sources", shape: fanInShape, events: 500_000 },
  { label: "fan-out to 5 stages", shape: fanOutShape, events: 200_000 },
];

/** By what the events at full size are divided. */
const DIVISOR: Readonly<Record<Scale, number>> = { full: 1, quick: 10 };
const ROUNDS = 3;

export const shapes: Bench = {
  name: "shapes",
  title: "Shapes: data records on record a second, durable, of flows that are no chain, beside a chain of 3 stages",
  mostRuns: 3,
  cases: (scale) =>
    SHAPES.map(({ label, shape, events }): BenchCase => ({
      label,
      measure: (directory) => measure({ directory, shape, events: events / DIVISOR[scale], scale }),
    })),
};

interface Measurement {
  readonly directory: string;
  readonly shape: Shape;
  readonly events: number;
  readonly scale: Scale;
}

/** What one run took for each data record. */
interface Cost {
  readonly recordsPerSecond: number;
  readonly cpuMicroseconds: number;
}

/** In turns with the plain pipeline, in one process, so that both have the same machine and the same compiled code. */
async function measure({ directory, shape, events, scale }: Measurement): Promise<readonly Metric[]> {
  const plainEvents = PLAIN_EVENTS / DIVISOR[scale];
  let number = 0;
  await costOf(shape, { directory, events: events / 4, number: ++number });
  await costOf(plainShape, { directory, events: plainEvents / 4, number: ++number });
  const costs: Cost[] = [];
  const plain: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    costs.push(await costOf(shape, { directory, events, number: ++number }));
    plain.push(await costOf(plainShape, { directory, events: plainEvents, number: ++number }));
  }
  const metricOf = (name: string, unit: string, figure: keyof Cost): Metric => ({
    name,
    unit,
    value: median(costs.map((cost) => cost[figure])),
    baseline: {
      what: "a source, a transform and a sink, in turns with it",
      value: median(plain.map((cost) => cost[figure])),
    },
  });
  return [metricOf("throughput", "records/s", "recordsPerSecond"), metricOf("CPU", "µs/record", "cpuMicroseconds")];
}

async function costOf(
  shape: Shape,
  { directory, events, number }: { readonly directory: string; readonly events: number; readonly number: number },
): Promise<Cost> {
  let arrived = 0;
  const { flow, records, delivered } = shape(events, () => void arrived++);
  const { handle, location } = await createRun({
    definition: must(flow.build()),
    store: fileStore({ directory }),
    durability: "durable",
    number,
  });
  const before = process.cpuUsage();
  const elapsedMs = await timeRun(handle);
  const { user, system } = process.cpuUsage(before);
  removeRun(location);
  const journalled = handle.stages().reduce((sum, { out }) => sum + out, 0);
  if (arrived !== delivered) throw new Error(`${arrived} of ${delivered} items arrived`);
  if (journalled !== records) throw new Error(`${journalled} of ${records} records were journalled`);
  return { recordsPerSecond: (records / elapsedMs) * 1000, cpuMicroseconds: (user + system) / records };
}
