import { err, ok, type Result } from "neverthrow";

import {
  endsInputs,
  formatPlace,
  FrameDecoder,
  SYSTEM_LANE,
  type LaneSeq,
  type LogRecord,
  type Lsn,
  type ReadFault,
  type RunManifest,
  type RunReader,
  type StoredFrame,
} from "@refold/core";

import { unreadableFrame } from "../replay/unreadable-frame.ts";
import { ComparedLane, MAX_WAITING, type StageComparison } from "./compared-lane.ts";

/** What a comparison of two runs found. */
export interface RunComparison {
  /** `uncertified`: nothing differs, but one of them has not come to its end, or could not be compared in full. */
  readonly verdict: "matched" | "diverged" | "uncertified";
  /** In the order of the first run's lanes. */
  readonly stages: readonly StageComparison[];
  readonly uncertified: readonly string[];
}

/** Why two runs cannot be compared. */
export type CompareFault =
  | ReadFault
  /** They are not of the same flow. */
  | { readonly kind: "other-flow"; readonly differences: readonly string[] }
  | { readonly kind: "malformed-record"; readonly lsn: Lsn; readonly detail: string };

/**
 * Compares two runs of one flow, stage by stage and output by output, in the order in which each stage gave them. Where inputs
 * were merged in another order, or other things came in from outside, outputs may well differ: whether the code is to blame, a
 * replay tells.
 */
export async function compareRuns(first: RunReader, second: RunReader): Promise<Result<RunComparison, CompareFault>> {
  const differences = shapeDifferences(first.manifest, second.manifest);
  if (differences.length > 0) return err({ kind: "other-flow", differences });
  const lanes = first.manifest.lanes.slice(1).map((stage) => new ComparedLane(stage));
  const byName = new Map(lanes.map((lane) => [lane.stage, lane]));
  const sides = [new Side(first, byName, 0), new Side(second, byName, 1)] as const;
  // Whoever is behind is read on, so that little of either has to wait for the other.
  for (let behind = laggard(sides); behind !== undefined; behind = laggard(sides)) {
    const fault = await behind.step();
    if (fault !== undefined) return err(fault);
  }
  const stages = lanes.map((lane) => lane.comparison);
  const notCompared = stages.filter(({ verdict }) => verdict === "not-compared").map(({ stage }) => stage);
  const uncertified = [
    ...sides.flatMap(({ problem }) => problem ?? []),
    ...notCompared.map((stage) => `The runs are more than ${MAX_WAITING} outputs of stage "${stage}" apart.`),
  ];
  const isSame = stages.every(({ verdict }) => verdict === "same" || verdict === "not-compared");
  return ok({
    verdict: !isSame ? "diverged" : uncertified.length > 0 ? "uncertified" : "matched",
    stages,
    uncertified,
  });
}

function laggard([first, second]: readonly [Side, Side]): Side | undefined {
  if (first.done && second.done) return undefined;
  return second.done || (!first.done && first.outputs <= second.outputs) ? first : second;
}

function shapeDifferences(first: RunManifest, second: RunManifest): readonly string[] {
  const alone = (a: RunManifest, b: RunManifest, which: string): readonly string[] =>
    a.lanes.filter((name) => !b.lanes.includes(name)).map((name) => `Stage "${name}" is in the ${which} run alone.`);
  const found = [...alone(first, second, "first"), ...alone(second, first, "second")];
  if (found.length > 0 || first.fingerprint === second.fingerprint) return found;
  return ["The stages have the same names, but are of other kinds, or read from one another in another way."];
}

/** One of two runs, on the way through its log. */
class Side {
  /** How many outputs were read, and whether that is all. */
  outputs = 0;
  done = false;
  readonly #reader: RunReader;
  readonly #batches: AsyncIterator<Result<readonly StoredFrame[], ReadFault>>;
  readonly #decoder: FrameDecoder;
  readonly #lanes: ReadonlyMap<string, ComparedLane>;
  readonly #side: 0 | 1;
  #sealed = false;

  constructor(reader: RunReader, lanes: ReadonlyMap<string, ComparedLane>, side: 0 | 1) {
    this.#reader = reader;
    this.#decoder = new FrameDecoder(reader);
    this.#batches = reader.read(0 as Lsn)[Symbol.asyncIterator]();
    this.#lanes = lanes;
    this.#side = side;
  }

  /** Why the end of the run is not known, if it is not. */
  get problem(): string | undefined {
    if (this.#sealed && this.#reader.tornTail === undefined) return undefined;
    return `The run ${this.#reader.manifest.runId} has no seal: it did not end, and what came after the last frame is not known.`;
  }

  async step(): Promise<CompareFault | undefined> {
    const next = await this.#batches.next();
    if (next.done === true) {
      this.done = true;
      return undefined;
    }
    if (next.value.isErr()) return next.value.error;
    const { manifest } = this.#reader;
    for (const frame of next.value.value) {
      const decoding = this.#decoder.decode(frame);
      const decoded = decoding instanceof Promise ? await decoding : decoding;
      if (decoded.isErr()) return unreadableFrame(decoded.error, frame.lsn, manifest);
      const { lane, firstSeq, records } = decoded.value;
      if (lane === SYSTEM_LANE) this.#sealed = records.some(({ kind }) => kind === "seal");
      else this.#offer(manifest.lanes[lane] ?? "", firstSeq, records);
    }
    return undefined;
  }

  #offer(stage: string, firstSeq: LaneSeq, records: readonly LogRecord[]): void {
    const lane = this.#lanes.get(stage);
    if (lane === undefined) return;
    for (const [index, record] of records.entries()) {
      if (record.kind === "receipt" && endsInputs(record)) lane.deliver(this.#side, record.count);
      const value = this.#outputOf(record);
      if (value === undefined) continue;
      this.outputs++;
      lane.offer(this.#side, { place: formatPlace(stage, (firstSeq + index) as LaneSeq), value });
    }
  }

  /** What a reader of the stage is given; where it stands and when it came differ from run to run. */
  #outputOf(record: LogRecord): unknown {
    if (record.kind === "error") return { error: record.error, message: record.message };
    if (record.kind !== "data") return undefined;
    const type = this.#reader.manifest.types[record.type]?.name;
    return { type, payload: record.payload };
  }
}
