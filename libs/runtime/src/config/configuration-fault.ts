import type { EdgeEnds, StageKind } from "@refold/topology";

import type { ConfigurationEntry } from "./configuration-entry.ts";
import type { ConfigurationKey, Restriction, Scope } from "./configuration-keys.ts";
import type { Origin } from "./origin.ts";

/** Why a configuration cannot be used. All that is wrong is told at once. */
export type ConfigurationFault =
  | { readonly kind: "unknown-key"; readonly key: string; readonly nearest?: string; readonly origin: Origin }
  | { readonly kind: "unknown-stage"; readonly stage: string; readonly nearest?: string; readonly origin: Origin }
  | { readonly kind: "unknown-edge"; readonly edge: EdgeEnds; readonly nearest?: string; readonly origin: Origin }
  | {
      readonly kind: "unknown-section";
      readonly section: string;
      readonly allowed: readonly string[];
      readonly nearest?: string;
      readonly origin: Origin;
    }
  | { readonly kind: "malformed-section"; readonly section: string; readonly found: string; readonly origin: Origin }
  | { readonly kind: "malformed-edge"; readonly edge: string; readonly origin: Origin }
  | { readonly kind: "malformed-setting"; readonly text: string; readonly origin: Origin }
  | {
      readonly kind: "wrong-scope";
      readonly key: ConfigurationKey;
      readonly scope: Scope;
      readonly allowed: readonly Scope[];
      readonly origin: Origin;
    }
  | {
      /** The key acts on something that the stage or the edge has not, so the setting would do nothing. */
      readonly kind: "without-effect";
      readonly key: ConfigurationKey;
      readonly target: { readonly stage: string; readonly stageKind: StageKind } | { readonly edge: EdgeEnds };
      readonly actsOn: Restriction | "edges into a stage";
      readonly origin: Origin;
    }
  | {
      readonly kind: "wrong-type" | "out-of-range";
      readonly key: ConfigurationKey;
      /** The value as text, shortened. */
      readonly given: string;
      readonly allowed: string;
      readonly origin: Origin;
    }
  | {
      /** Of two thresholds of an edge, the one that has to come first is not the smaller one. */
      readonly kind: "out-of-order";
      readonly edge: EdgeEnds;
      readonly first: ConfigurationEntry;
      readonly then: ConfigurationEntry;
    }
  | { readonly kind: "malformed-entry"; readonly index: number; readonly detail: string };
