import { err, ok, type Result } from "neverthrow";
import type { EdgeAnnotations, StageAnnotations } from "./annotations.ts";
import { build, type ValidationLevel } from "./build.ts";
import { declarationReaders } from "./declaration.ts";
import type { Edge, EdgeSpec } from "./edge.ts";
import type { TopologyFault } from "./fault.ts";
import { type Read, Reading } from "./reading.ts";
import type { Stage, StageSpec } from "./stage.ts";
import type { Topology } from "./topology.ts";

const JSON_FORMAT = "refold-topology";
const JSON_VERSION = 1;

/** A topology as a plain object, all of whose values JSON can hold. */
export interface TopologyJson {
  readonly format: typeof JSON_FORMAT;
  readonly version: typeof JSON_VERSION;
  readonly name: string;
  readonly fingerprint: string;
  readonly stages: readonly StageSpec[];
  readonly edges: readonly EdgeSpec[];
}

/** The topology as a plain object, the same for the same topology to the last byte once it is written. */
export function toJson(topology: Topology): TopologyJson {
  return {
    format: JSON_FORMAT,
    version: JSON_VERSION,
    name: topology.name,
    fingerprint: topology.fingerprint,
    stages: topology.stages.map(({ name, kind, annotations }) => ({ name, kind, ...given(annotations) })),
    edges: topology.edges.map(({ from, to, kind, role, annotations }) => ({
      from,
      to,
      kind,
      ...(role === undefined ? {} : { role }),
      ...given(annotations),
    })),
  };
}

/**
 * Reads what `toJson` wrote, or what was written by hand: `fingerprint` may be left out, and if it is there it must be
 * right. Gives every fault of form there is; a value of the right form is checked at `level` as the builder does.
 */
export function fromJson(value: unknown, level: ValidationLevel): Result<Topology, readonly TopologyFault[]> {
  const reading = new Reading();
  const laterVersion = versionAhead(value);
  if (laterVersion !== undefined) {
    return err([{ kind: "unsupported-version", found: laterVersion, supported: JSON_VERSION }]);
  }
  const document = documentReader(reading)(value, "");
  if (document === undefined || reading.faults.length > 0) return err(reading.faults);
  const { name, stages, edges, fingerprint } = document;
  return build(name, stages, edges, level).andThen((topology) => withFingerprint(topology, fingerprint));
}

function withFingerprint(topology: Topology, expected: string | undefined): Result<Topology, readonly TopologyFault[]> {
  if (expected === undefined || expected === topology.fingerprint) return ok(topology);
  return err([{ kind: "fingerprint-mismatch", expected, actual: topology.fingerprint }]);
}

interface Document {
  readonly name: string;
  readonly fingerprint: string | undefined;
  readonly stages: readonly Stage[];
  readonly edges: readonly Edge[];
}

function documentReader(reading: Reading): Read<Document> {
  const readers = declarationReaders(reading);
  return reading.object(["format", "version", "name", "fingerprint", "stages", "edges"], (required, optional) => {
    required("format", reading.oneOf([JSON_FORMAT]));
    required("version", (value, path) =>
      value === JSON_VERSION ? value : reading.refuse(path, `the number ${JSON_VERSION}`, value),
    );
    const name = required("name", reading.string);
    const fingerprint = optional("fingerprint", reading.string);
    const stages = required("stages", reading.list(readers.stage));
    const edges = required("edges", reading.list(readers.edge));
    return name === undefined || stages === undefined || edges === undefined
      ? undefined
      : { name, fingerprint, stages, edges };
  });
}

/** The version of a later writer, whose form this reader cannot judge. */
function versionAhead(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !("format" in value) || !("version" in value)) return undefined;
  const { format, version } = value;
  return format === JSON_FORMAT && typeof version === "number" && version > JSON_VERSION ? version : undefined;
}

function given<A extends StageAnnotations | EdgeAnnotations>(annotations: A): { readonly annotations?: A } {
  return Object.keys(annotations).length === 0 ? {} : { annotations };
}
