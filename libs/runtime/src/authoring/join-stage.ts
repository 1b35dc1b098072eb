import type { PureDefinition } from "../definition/flow-definition.ts";
import type { HandlerContext } from "../step/handler-context.ts";
import type { FlowRecorder } from "./flow-recorder.ts";
import type { JoinKind, JoinMatches, JoinRead, JoinSettings } from "./join.ts";
import { joinProgram, type Join, type JoinedReference } from "./join-program.ts";
import type { StageInput } from "./port.ts";

/** A reference as it was declared. */
export interface DeclaredReference {
  /** `undefined` for the only one of a join, whose record `combine` gets as it is. */
  readonly name: string | undefined;
  /** `undefined` for what is no stream. */
  readonly from: StageInput | undefined;
  readonly key: JoinedReference["key"];
  readonly on: JoinedReference["on"];
}

/** What all joins have in common; JavaScript may leave any of it out. */
export interface DeclaredJoin extends JoinSettings<JoinKind> {
  readonly combine: (input: unknown, met: unknown, context: HandlerContext) => unknown;
}

const KINDS: readonly JoinKind[] = ["inner", "left", "strict"];
const READS: readonly JoinRead[] = ["first", "live"];
const MATCHES: readonly JoinMatches[] = ["latest", "each"];
const MAX_REFERENCES = 1_000_000;

type JoinStage = Pick<
  Parameters<FlowRecorder["pure"]>[0],
  "kind" | "inputs" | "functions" | "settings" | "program" | "hydrates" | "join" | "problems"
>;

/** The stage of a join. References that are one and the same stream are read once. */
export function joinStage(stream: StageInput, declared: readonly DeclaredReference[], spec: DeclaredJoin): JoinStage {
  const { kind = "inner", read = "first", matches = "latest", maxReferences = MAX_REFERENCES, combine } = spec;
  const inputs = new Map<string, { readonly index: number; readonly input: StageInput }>();
  const references = declared.map(({ name, from = NO_INPUT, key, on }): JoinedReference => {
    const stream = JSON.stringify(from.ports);
    const known = inputs.get(stream) ?? { index: inputs.size, input: from };
    inputs.set(stream, known);
    return { name, input: known.index, key, on };
  });
  const join: Join = { kind, read, matches, maxReferences, references, combine: combineOf(declared, combine) };
  const program: PureDefinition["program"] = (reads) => joinProgram(join, reads);
  const isKnown = KINDS.includes(kind) && READS.includes(read);
  return {
    kind: "join",
    inputs: [stream, ...[...inputs.values()].map(({ input }) => input)],
    functions: functionsOf(declared, combine),
    settings: { kind, read, matches },
    program,
    hydrates: read === "first",
    join: isKnown ? { mode: kind, reference: read === "first" ? "finite" : "live" } : undefined,
    problems: [
      ...declared.map(referenceProblem),
      choiceProblem("kind", kind, KINDS),
      choiceProblem("read", read, READS),
      choiceProblem("matches", matches, MATCHES),
      Number.isSafeInteger(maxReferences) && maxReferences >= 1
        ? undefined
        : `maxReferences of ${String(maxReferences)} keeps nothing: give a whole number from 1`,
    ],
  };
}

const NO_INPUT: StageInput = { ports: [] };

/** The only reference is handed over as it is, several by their names. */
function combineOf(declared: readonly DeclaredReference[], combine: DeclaredJoin["combine"]): Join["combine"] {
  if (declared[0]?.name === undefined) return (input, [met], context) => combine(input, met, context);
  const names = declared.map(({ name }) => name as string);
  return (input, met, context) =>
    combine(input, Object.fromEntries(names.map((name, index) => [name, met[index]])), context);
}

function functionsOf(
  declared: readonly DeclaredReference[],
  combine: DeclaredJoin["combine"],
): Readonly<Record<string, unknown>> {
  const functions: Record<string, unknown> = {};
  for (const { name, key, on } of declared) {
    const of = name === undefined ? "" : `${name}.`;
    functions[`${of}key`] = key;
    functions[`${of}on`] = on;
  }
  return { ...functions, combine };
}

function referenceProblem({ name, from }: DeclaredReference): string | undefined {
  const reference = `its reference${name === undefined ? "" : ` "${name}"`}`;
  if (from === undefined) return `${reference} is no stream: give one of this flow`;
  if (from.orderBy === undefined) return undefined;
  return `${reference} is merged by event time, an order that a join does not keep: put a map in between`;
}

function choiceProblem(what: string, chosen: unknown, choices: readonly string[]): string | undefined {
  if (choices.includes(chosen as string)) return undefined;
  return `\`${what}\` cannot be ${String(chosen)}: choose ${choices.map((choice) => `"${choice}"`).join(" or ")}`;
}
