import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { toMermaid } from "../../libs/fsm/src/index.ts";
import { pipelineMachine } from "../../libs/runtime/src/pipeline/pipeline-machine.ts";
import {
  joinMachine,
  observerMachine,
  sinkMachine,
  sourceMachine,
  statefulMachine,
  transformMachine,
} from "../../libs/runtime/src/stage/stage-machine.ts";
import { REPOSITORY_ROOT } from "../workspace/packages.ts";

const architecture = readFileSync(join(REPOSITORY_ROOT, "docs/architecture.md"), "utf8");

it("the pictures of the machines are what the machines draw of themselves", () => {
  const pictures = [...architecture.matchAll(/^```mermaid\n(---\ntitle:[^]*?)^```$/gm)].map(([, picture]) => picture);
  expect(pictures).toEqual([
    toMermaid(pipelineMachine()),
    toMermaid(sourceMachine("source")),
    toMermaid(transformMachine("transform")),
    toMermaid(statefulMachine("stateful")),
    toMermaid(joinMachine("join", true)),
    toMermaid(sinkMachine("sink")),
    toMermaid(observerMachine("observer")),
  ]);
});
