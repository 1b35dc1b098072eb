import type { LaneId } from "@refold/core";
import type { EdgeEnds } from "@refold/topology";

import type { ResolvedConfiguration } from "../config/resolved-configuration.ts";
import { inputsOf, outputTypes, type FlowDefinition, type StageDefinition } from "../definition/flow-definition.ts";
import type { FlowControlSettings } from "../edge/credit-window.ts";
import type { Loop } from "../edge/loop.ts";
import { DivergenceGuard } from "../stage/divergence-guard.ts";
import type { CheckedType } from "../stage/schema-check.ts";

/**
 * The way back into a cycle is never held by its window: the stage that it leads to may itself wait for stages of the cycle,
 * and all would wait for one another. What enters the cycle is held instead, once its edges are half full.
 */
export function flowControlOf(settings: ResolvedConfiguration, ends: EdgeEnds, backward: boolean): FlowControlSettings {
  return {
    mode: backward ? "track" : settings.edge(ends, "flowControl.mode"),
    windowRecords: settings.edge(ends, "flowControl.windowRecords"),
    windowBytes: settings.edge(ends, "flowControl.windowBytes"),
    stallTimeoutMs: settings.edge(ends, "flowControl.stallTimeoutMs"),
  };
}

/** The edges into a stage whose payloads are to be held against the schema of their type. */
export function checkedEdges(
  { stages, types }: FlowDefinition,
  settings: ResolvedConfiguration,
  stage: StageDefinition,
): readonly CheckedType[] {
  if (stage.kind === "observer") return [];
  return inputsOf(stage).flatMap(({ from, takes }) => {
    const writer = stages[from - 1];
    if (writer === undefined || settings.edge({ from: writer.name, to: stage.name }, "contracts.schema") === "off") {
      return [];
    }
    return outputTypes(writer).flatMap((type) => {
      const schema = types[type]?.schema;
      const isTaken = takes.types?.includes(type) !== false;
      return schema === undefined || !isTaken ? [] : [{ from, type, schema }];
    });
  });
}

export function divergenceGuard(
  settings: ResolvedConfiguration,
  to: string,
  [back]: readonly LaneId[],
  loop: Loop | undefined,
  nameOf: (lane: LaneId) => string,
): DivergenceGuard | undefined {
  if (back === undefined || loop === undefined) return undefined;
  const ends = { from: nameOf(back), to };
  if (settings.edge(ends, "contracts.divergence") === "off") return undefined;
  const limits = {
    signalsPerRecord: settings.edge(ends, "divergence.signalsPerRecord"),
    periodMs: settings.edge(ends, "divergence.periodMs"),
    idleSignals: settings.edge(ends, "divergence.idleSignals"),
    depthHops: settings.edge(ends, "divergence.depthHops"),
  };
  return new DivergenceGuard(limits, back, loop);
}

/** A source has one declared count for all its readers. */
export function strictest(modes: readonly ("abort" | "warn" | "off")[]): "abort" | "warn" | "off" {
  return modes.includes("abort") ? "abort" : modes.includes("warn") ? "warn" : "off";
}
