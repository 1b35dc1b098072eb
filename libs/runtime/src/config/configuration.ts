import type { Bearer, ConfigurationValues, KeyOf } from "./configuration-keys.ts";

/** Values for some of the keys of which the flow, a stage, or an edge has one. */
export type Settings<B extends Bearer> = { readonly [K in KeyOf<B>]?: ConfigurationValues[K] };

/** What is set for one flow. */
export interface FlowConfiguration {
  readonly flow?: Settings<"flow" | "stage" | "edge">;
  /** By the name of a stage. What is set of edges here holds for the edges that end in the stage. */
  readonly stages?: Readonly<Record<string, Settings<"stage" | "edge">>>;
  /** By `"from -> to"`. */
  readonly edges?: Readonly<Record<`${string}->${string}`, Settings<"edge">>>;
}

/**
 * Settings in the one shape that code and files share. What stands outside of `flows` holds for every flow that the
 * configuration is used with, so a stage that is named there has to be in each of them.
 */
export interface Configuration extends FlowConfiguration {
  /** The widest scope: what every other one overrides. */
  readonly global?: Settings<"flow" | "stage" | "edge">;
  /** By the name of a flow; in the same scope, what stands here overrides what stands outside. */
  readonly flows?: Readonly<Record<string, FlowConfiguration>>;
}

/** Gives back what it takes: with it, an editor completes keys and values. Nothing is checked before a flow is there. */
export function config(configuration: Configuration): Configuration {
  return configuration;
}
