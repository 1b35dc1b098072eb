import type { FlowRecorder } from "./flow-recorder.ts";
import { Stream } from "./stream.ts";

/** The way back into a cycle: a stream that is read before what feeds it is declared. */
export class Feedback<T> extends Stream<T> {
  readonly #recorder: FlowRecorder;
  readonly #loop: string;

  constructor(recorder: FlowRecorder, loop: string) {
    super(recorder, { ports: [{ stage: loop, takes: "all" }] });
    this.#recorder = recorder;
    this.#loop = loop;
  }

  /** Has the records of a stream come back here. */
  connect(from: Stream<T>): void {
    this.#recorder.connect(this.#loop, from.input(this.#recorder).ports);
  }
}
