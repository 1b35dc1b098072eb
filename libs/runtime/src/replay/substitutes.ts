import { encodeRecords, MessagePackWriter, RecordDecoder, type LaneSeq } from "@refold/core";

import { recordView, type Takes } from "../edge/record-view.ts";
import type { RecordChanges } from "./stage-reach.ts";
import type { StepOutput } from "./step-output.ts";

/** What stands for one output on record: its bytes, so that every reader has a value of its own; or nothing. */
type Substitute = { readonly kind: "changed"; readonly body: Uint8Array } | { readonly kind: "missing" };

interface Extra {
  readonly before: LaneSeq;
  readonly body: Uint8Array;
}

/** A stage has more outputs that are otherwise than are kept. */
export const MAX_SUBSTITUTES = 1_000_000;

/** What a stage would have given in place of what is on record of it. */
export class Substitutes {
  readonly #at: Map<LaneSeq, Substitute> = new Map();
  /** In the order of their places. */
  readonly #extras: Extra[] = [];
  /** Each change as the readers see it that take it or do not: without its payload. */
  readonly #heads: { readonly kind: keyof RecordChanges; readonly record: StepOutput }[] = [];
  readonly #writer: MessagePackWriter = new MessagePackWriter(4 * 1024);
  readonly #decoder: RecordDecoder = new RecordDecoder();

  get isEmpty(): boolean {
    return this.#heads.length === 0;
  }

  get isFull(): boolean {
    return this.#heads.length >= MAX_SUBSTITUTES;
  }

  /** How the inputs of a reader change. */
  changesFor(takes: Takes): RecordChanges {
    const view = recordView(takes);
    const changes = { changed: 0, missing: 0, extra: 0 };
    for (const { kind, record } of this.#heads) if (view(record) !== undefined) changes[kind]++;
    return changes;
  }

  /** Has another output stand for the one on record. Returns false for one that cannot be stored. */
  change(seq: LaneSeq, output: StepOutput): boolean {
    const body = this.#encode(output);
    if (body === undefined) return false;
    this.#at.set(seq, { kind: "changed", body });
    this.#heads.push({ kind: "changed", record: headOf(output) });
    return true;
  }

  lose(seq: LaneSeq, recorded: StepOutput): void {
    this.#at.set(seq, { kind: "missing" });
    this.#heads.push({ kind: "missing", record: headOf(recorded) });
  }

  /** Adds an output before the next one on record from `before` on. Returns false for one that cannot be stored. */
  add(before: LaneSeq, output: StepOutput): boolean {
    const body = this.#encode(output);
    if (body === undefined) return false;
    this.#extras.push({ before, body });
    this.#heads.push({ kind: "extra", record: headOf(output) });
    return true;
  }

  /** What stands for a recorded output: itself, another one, or none. */
  at(seq: LaneSeq): "as-recorded" | "missing" | StepOutput {
    const substitute = this.#at.get(seq);
    if (substitute === undefined) return "as-recorded";
    return substitute.kind === "missing" ? "missing" : this.#decode(substitute.body);
  }

  /** What is to be taken before the output at `seq`, from the extra of index `from` on; and the index of the next one. */
  before(seq: LaneSeq, from: number): { readonly outputs: readonly StepOutput[]; readonly next: number } {
    let next = from;
    while (next < this.#extras.length && (this.#extras[next] as Extra).before <= seq) next++;
    return { outputs: this.#extras.slice(from, next).map(({ body }) => this.#decode(body)), next };
  }

  #encode(output: StepOutput): Uint8Array | undefined {
    this.#writer.at = 0;
    const fault = encodeRecords(this.#writer, [whole(output)]);
    return fault === undefined ? this.#writer.bytes.slice(0, this.#writer.at) : undefined;
  }

  #decode(body: Uint8Array): StepOutput {
    const decoded = this.#decoder.decode(body);
    if (decoded.isErr()) throw new Error(`what was encoded cannot be decoded: ${decoded.error.detail}`);
    // It was encoded from one.
    return decoded.value[0] as StepOutput;
  }
}

/** With its payload, wherever that stands on record as well. */
function whole(output: StepOutput): StepOutput {
  if (output.kind !== "data" || output.payloadOf === undefined) return output;
  const { payloadOf: _, ...record } = output;
  return record;
}

function headOf(output: StepOutput): StepOutput {
  if (output.kind === "data") return { ...whole(output), payload: undefined } as StepOutput;
  return output.kind === "error" ? { ...output, input: undefined } : output;
}
