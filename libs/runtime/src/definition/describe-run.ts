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
  /** The run that the new one begins as, and how many of its frames it takes over. */
  readonly forks?: { readonly manifest: RunManifest; readonly at: number };
}

/**
 * The manifest of a new run of a flow. A replay, or a fork, keeps the numbers of lanes and types, the settings, and the root of
 * its run.
 */
export function describeRun(definition: FlowDefinition, identity: RunIdentity): RunManifest {
  const { runId, createdAtMs, durability, source, replays, forks } = identity;
  const parent = replays ?? forks?.manifest;
  const reads = parent === undefined ? partialReads(definition) : parent.reads;
  const configuration = identity.configuration ?? parent?.configuration;
  return {
    format: FORMAT_VERSION,
    runId,
    flow: definition.name,
    createdAtMs,
    durability,
    lanes: parent?.lanes ?? [SYSTEM_LANE_NAME, ...definition.stages.map(({ name }) => name)],
    types: typesOf(definition, parent),
    ...(reads === undefined || reads.length === 0 ? {} : { reads }),
    topology: toJson(definition.topology),
    fingerprint: definition.topology.fingerprint,
    rootRunId: parent?.rootRunId ?? runId,
    ...(replays === undefined ? {} : { replayOf: replays.runId }),
    ...(forks === undefined ? {} : { forkOf: { runId: forks.manifest.runId, at: forks.at } }),
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

/** Those of a replay, or a fork, keep their numbers, and have the versions of now: what is recorded in older ones is brought there. */
function typesOf({ types }: FlowDefinition, parent: RunManifest | undefined): RunManifest["types"] {
  const now = types.map(({ name, version }) => ({ name, version }));
  return parent?.types.map((recorded) => now.find(({ name }) => name === recorded.name) ?? recorded) ?? now;
}
