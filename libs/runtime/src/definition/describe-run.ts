import {
  FORMAT_VERSION,
  SYSTEM_LANE_NAME,
  type Durability,
  type PartialRead,
  type RunId,
  type RunManifest,
} from "@refold/core";
import { toJson } from "@refold/topology";

import type { ConfigurationEntry } from "../config/configuration-entry.ts";
import { inputsOf, type FlowDefinition } from "./flow-definition.ts";

/** What is known of a new run besides its flow. */
export interface RunIdentity {
  readonly runId: RunId;
  readonly createdAtMs: number;
  readonly durability: Durability;
  /** What `ResolvedConfiguration.entries` gave. */
  readonly configuration?: readonly ConfigurationEntry[];
  /** The flow's source file, where there was one. */
  readonly source?: NonNullable<RunManifest["source"]>;
  /** The run that the new one replays. */
  readonly replays?: RunManifest;
}

/** The manifest of a new run of a flow. A replay keeps the numbers of lanes and types, and the settings, of its run. */
export function describeRun(definition: FlowDefinition, identity: RunIdentity): RunManifest {
  const { runId, createdAtMs, durability, source, replays } = identity;
  const reads = replays === undefined ? partialReads(definition) : replays.reads;
  const configuration = identity.configuration ?? replays?.configuration;
  return {
    format: FORMAT_VERSION,
    runId,
    flow: definition.name,
    createdAtMs,
    durability,
    lanes: replays?.lanes ?? [SYSTEM_LANE_NAME, ...definition.stages.map(({ name }) => name)],
    types: typesOf(definition, replays),
    ...(reads === undefined || reads.length === 0 ? {} : { reads }),
    topology: toJson(definition.topology),
    fingerprint: definition.topology.fingerprint,
    rootRunId: replays?.rootRunId ?? runId,
    ...(replays === undefined ? {} : { replayOf: replays.runId }),
    ...(configuration === undefined ? {} : { configuration }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Without these, what a step took could not be told from its spans alone. */
export function partialReads({ stages }: FlowDefinition): readonly PartialRead[] {
  return stages.flatMap((stage) =>
    inputsOf(stage).flatMap(({ from, takes: { types, errors } }) =>
      types === undefined && !errors
        ? []
        : [{ reader: stage.lane, from, ...(types === undefined ? {} : { types }), errors }],
    ),
  );
}

/** Those of a replay keep their numbers, and have the versions of now: what is recorded in older ones is brought there. */
function typesOf({ types }: FlowDefinition, replays: RunManifest | undefined): RunManifest["types"] {
  const now = types.map(({ name, version }) => ({ name, version }));
  return replays?.types.map((recorded) => now.find(({ name }) => name === recorded.name) ?? recorded) ?? now;
}
