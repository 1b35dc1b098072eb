import { err, type Result } from "neverthrow";
import { build, type ValidationLevel } from "./build.ts";
import { declarationReaders } from "./declaration.ts";
import type { EdgeSpec } from "./edge.ts";
import type { TopologyFault } from "./fault.ts";
import { Reading } from "./reading.ts";
import type { StageSpec } from "./stage.ts";
import type { Topology } from "./topology.ts";

/** Gathers stages and edges, in any order, and checks nothing until `build`. */
export class TopologyBuilder {
  readonly #name: string;
  readonly #stages: StageSpec[] = [];
  readonly #edges: EdgeSpec[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  stage(spec: StageSpec): this {
    this.#stages.push(spec);
    return this;
  }

  /** Connects two stages, which may be declared later. */
  edge(spec: EdgeSpec): this {
    this.#edges.push(spec);
    return this;
  }

  /**
   * The topology of what was declared so far, or every fault at once, ordered by level and then by declaration. The
   * builder may be added to and built again; what it gave before does not change.
   */
  build(level: ValidationLevel): Result<Topology, readonly TopologyFault[]> {
    const reading = new Reading();
    const readers = declarationReaders(reading);
    const stages = reading.list(readers.stage)(this.#stages, "stages") ?? [];
    const edges = reading.list(readers.edge)(this.#edges, "edges") ?? [];
    return reading.faults.length > 0 ? err(reading.faults) : build(this.#name, stages, edges, level);
  }
}

/** Starts the topology of a flow. */
export function topology(name: string): TopologyBuilder {
  return new TopologyBuilder(name);
}
