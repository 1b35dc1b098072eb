import type { ValueOf, ValueRule } from "./value-rule.ts";

/** What has a value of its own for a key: the whole flow, each stage, or each edge. */
export type Bearer = "flow" | "stage" | "edge";

/** Where a setting may stand, from the widest to the narrowest. */
export const SCOPES = ["global", "flow", "stage", "edge"] as const;
export type Scope = (typeof SCOPES)[number];

/** The stages or edges that a key means anything for, where these are not all of them. */
export type Restriction =
  "stages but sinks and observers" | "sinks" | "edges out of a source" | "edges into a sink" | "edges on a cycle";

/** A key as the table has it. */
export interface KeySpec {
  readonly of: Bearer;
  readonly only?: Restriction;
  readonly rule: ValueRule;
  readonly default: string | number | boolean;
  /** One sentence on what the key does. */
  readonly doc: string;
}

/**
 * Every key there is, each of two parts: so no key begins another one and keys can be nested, as in TOML; and in
 * `stage:a.b.group.name` it is clear where the key begins. The last word of a numeric key is its unit. Timers take no
 * more than 2,147,483,647 milliseconds, which is almost 25 days.
 */
const CONFIGURATION_KEYS = {
  "flowControl.mode": {
    of: "edge",
    rule: { type: "choice", choices: ["off", "track", "enforce"] },
    default: "enforce",
    doc: "Whether the writer waits for credits of the reader, only counts them, or knows none.",
  },
  "flowControl.windowRecords": {
    of: "edge",
    rule: { type: "whole", min: 1, max: 1_000_000, unit: "records" },
    default: 4096,
    doc: "How many records may be on their way to the reader.",
  },
  "flowControl.windowBytes": {
    of: "edge",
    rule: { type: "whole", min: 1024, max: 1_073_741_824, unit: "bytes" },
    default: 16_777_216,
    doc: "How many bytes of payload may be on their way to the reader.",
  },
  "flowControl.stallTimeoutMs": {
    of: "edge",
    rule: { type: "whole", min: 1, max: 2_147_483_647, unit: "milliseconds", never: true },
    default: 120_000,
    doc: "How long an edge may be without credit and without progress before its stage fails.",
  },
  "contracts.transport": {
    of: "edge",
    rule: { type: "choice", choices: ["abort", "warn", "off"] },
    default: "abort",
    doc: "What happens when not everything that was advertised was read exactly once.",
  },
  "contracts.source": {
    of: "edge",
    only: "edges out of a source",
    rule: { type: "choice", choices: ["abort", "warn", "off"] },
    default: "abort",
    doc: "What happens when a source gave another number of items than it declared.",
  },
  "contracts.delivery": {
    of: "edge",
    only: "edges into a sink",
    rule: { type: "choice", choices: ["abort", "warn", "off"] },
    default: "abort",
    doc: "What happens when an input of a sink has no terminal receipt, or more than one.",
  },
  "contracts.divergence": {
    of: "edge",
    only: "edges on a cycle",
    rule: { type: "choice", choices: ["abort", "warn", "off"] },
    default: "abort",
    doc: "What happens when a cycle feeds itself without end; the limits are the keys under `divergence`.",
  },
  "contracts.schema": {
    of: "edge",
    rule: { type: "choice", choices: ["abort", "warn", "off"] },
    default: "off",
    doc: "What happens when a payload does not satisfy the schema of its type; `off` does not look.",
  },
  "divergence.signalsPerRecord": {
    of: "edge",
    only: "edges on a cycle",
    rule: { type: "whole", min: 1, max: 1_000_000, unit: "signals" },
    default: 10,
    doc: "How many signals a cycle may see for each data record that enters it within a period.",
  },
  "divergence.periodMs": {
    of: "edge",
    only: "edges on a cycle",
    rule: { type: "whole", min: 1, max: 2_147_483_647, unit: "milliseconds" },
    default: 60_000,
    doc: "The period over which signals and data records are compared.",
  },
  "divergence.idleSignals": {
    of: "edge",
    only: "edges on a cycle",
    rule: { type: "whole", min: 1, max: 1_000_000_000, unit: "signals" },
    default: 1000,
    doc: "How many signals a cycle may see within a period, whatever has entered it.",
  },
  "divergence.depthHops": {
    of: "edge",
    only: "edges on a cycle",
    rule: { type: "whole", min: 1, max: 1_000_000, unit: "hops" },
    default: 30,
    doc: "How often what descends from one record may go round a cycle.",
  },
  "liveness.tickMs": {
    of: "flow",
    rule: { type: "whole", min: 10, max: 2_147_483_647, unit: "milliseconds" },
    default: 2000,
    doc: "How often the liveness of the edges is looked at.",
  },
  "liveness.idleMs": {
    of: "edge",
    rule: { type: "whole", min: 1, max: 2_147_483_647, unit: "milliseconds" },
    default: 6000,
    doc: "After how long without a record an edge is idle.",
  },
  "liveness.suspectMs": {
    of: "edge",
    rule: { type: "whole", min: 1, max: 2_147_483_647, unit: "milliseconds" },
    default: 30_000,
    doc: "After how long without a record an edge is suspect; more than `liveness.idleMs`.",
  },
  "liveness.stalledMs": {
    of: "edge",
    rule: { type: "whole", min: 1, max: 2_147_483_647, unit: "milliseconds" },
    default: 120_000,
    doc: "After how long without a record an edge is stalled; more than `liveness.suspectMs`.",
  },
  "stage.stepInputs": {
    of: "stage",
    only: "stages but sinks and observers",
    rule: { type: "whole", min: 1, max: 16_384, unit: "inputs" },
    default: 256,
    doc: "How many inputs one step takes at most; for a source, how many items.",
  },
  "sink.batchInputs": {
    of: "stage",
    only: "sinks",
    rule: { type: "whole", min: 1, max: 65_535, unit: "inputs" },
    default: 1024,
    doc: "How many inputs one write of a sink takes at most.",
  },
  "shutdown.timeoutMs": {
    of: "flow",
    rule: { type: "whole", min: 1, max: 2_147_483_647, unit: "milliseconds" },
    default: 30_000,
    doc: "How long the stages have to end before those that are late are abandoned.",
  },
  "log.durability": {
    of: "flow",
    rule: { type: "choice", choices: ["buffered", "durable", "strict"] },
    default: "durable",
    doc: "When a frame counts as safe: with the operating system, on disk, or on disk before anyone sees it.",
  },
  "snapshots.everyMs": {
    of: "flow",
    rule: { type: "whole", min: 1, max: 2_147_483_647, unit: "milliseconds", never: true },
    default: 10_000,
    doc: "After how long the next snapshot is taken, if anything went on record meanwhile.",
  },
  "snapshots.everyRecords": {
    of: "flow",
    rule: { type: "whole", min: 1, max: 1_000_000_000, unit: "records" },
    default: 100_000,
    doc: "After how many records the next snapshot is taken, however little time has passed.",
  },
  "retention.mode": {
    of: "flow",
    rule: { type: "choice", choices: ["keep", "archive", "drop"] },
    default: "keep",
    doc: "What becomes of whole segments of the log that are not needed to go on from the last two snapshots.",
  },
  "retention.keepMs": {
    of: "flow",
    rule: { type: "whole", min: 0, max: 9_007_199_254_740_991, unit: "milliseconds" },
    default: 0,
    doc: "How long a segment stays at least, where `retention.mode` is not `keep`.",
  },
  "metrics.enabled": {
    of: "flow",
    rule: { type: "flag" },
    default: true,
    doc: "Whether figures are kept.",
  },
  "metrics.intervalMs": {
    of: "flow",
    rule: { type: "whole", min: 10, max: 2_147_483_647, unit: "milliseconds" },
    default: 1000,
    doc: "How often figures are handed to their exporters while the flow runs.",
  },
  "control.capacityEvents": {
    of: "flow",
    rule: { type: "whole", min: 1, max: 65_536, unit: "events" },
    default: 100,
    doc: "How many control events may wait for a supervisor.",
  },
  "development.freeze": {
    of: "flow",
    rule: { type: "flag" },
    default: false,
    doc: "Whether payloads are frozen, so that a handler that changes one fails at once.",
  },
} as const;

type Table = typeof CONFIGURATION_KEYS;

export type ConfigurationKey = keyof Table;

/** The keys of which the flow, each stage, or each edge has a value. */
export type KeyOf<B extends Bearer> = {
  [K in ConfigurationKey]: Table[K]["of"] extends B ? K : never;
}[ConfigurationKey];

/** The type of each key's value. */
export type ConfigurationValues = { readonly [K in ConfigurationKey]: ValueOf<Table[K]["rule"]> };

/** In the order of the table. */
export const KEY_NAMES: readonly ConfigurationKey[] = Object.keys(CONFIGURATION_KEYS) as ConfigurationKey[];

export function isConfigurationKey(text: string): text is ConfigurationKey {
  return Object.hasOwn(CONFIGURATION_KEYS, text);
}

export function specOf(key: ConfigurationKey): KeySpec {
  return CONFIGURATION_KEYS[key];
}

/** Where a key may stand: in every scope that is not narrower than what bears it. */
export function scopesOf({ of }: KeySpec): readonly Scope[] {
  return SCOPES.slice(0, SCOPES.indexOf(of) + 1);
}
