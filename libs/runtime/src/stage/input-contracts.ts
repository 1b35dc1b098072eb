import type { ContractRecord } from "@refold/core";

import { advertisedTo } from "../edge/record-view.ts";
import type { StageInputs } from "../edge/input-set.ts";
import { contract } from "./contract-record.ts";
import type { StageContext } from "./stage-context.ts";
import { StageFailure } from "./stage-fault.ts";

/** Evidence for the record: whether each ended edge gave what its writer advertised, and what its schema asks for. */
export function inputContracts(context: StageContext, inputs: StageInputs): readonly ContractRecord[] {
  const found: ContractRecord[] = [];
  for (const edge of inputs.edges) {
    const { from, takes, ended, read } = edge;
    if (ended === undefined || context.contractMode({ contract: "transport", upstream: from }) === "off") continue;
    const record = contract("transport", from, advertisedTo(takes, ended.counts), read);
    edge.verdicts.set("transport", record.verdict);
    found.push(record);
  }
  const schemas = context.schemas.contracts();
  for (const { upstream, verdict } of schemas) {
    inputs.edges.find(({ from }) => from === upstream)?.verdicts.set("schema", verdict);
  }
  return [...found, ...schemas];
}

/** The failure that a violated contract means under its mode, if any. */
export function violation(context: StageContext, records: readonly ContractRecord[]): StageFailure | undefined {
  const violated = records.find((record) => record.verdict === "violated" && context.contractMode(record) === "abort");
  if (violated === undefined) return undefined;
  const { contract: name, upstream, advertised, read } = violated;
  const from = context.laneName(upstream);
  const edge = from === context.name ? from : `${from} -> ${context.name}`;
  return new StageFailure({
    code: "contract-violated",
    stage: context.name,
    message: `the ${name} contract of ${edge} is violated: ${advertised} records were advertised, ${read} were read`,
  });
}
