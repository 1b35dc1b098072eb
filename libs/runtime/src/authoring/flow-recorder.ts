import { err, ok, type Result } from "neverthrow";

import { checkEventType, eventType, type EventType, type LaneId, type SinkConnector, type TypeId } from "@refold/core";
import { topology, type EdgeKind, type StageAnnotations } from "@refold/topology";

import type { FlowDefinition, Items, PureDefinition, StageDefinition } from "../definition/flow-definition.ts";
import type { FlowFault } from "../definition/flow-fault.ts";
import { codeFingerprint } from "./fingerprint.ts";
import { flushPolicyFaults } from "./flush-policy-faults.ts";
import type { SinkOptions, SourceOptions, StageOptions } from "./stage-options.ts";

interface Declared {
  readonly name: string;
  readonly kind: StageDefinition["kind"];
  readonly upstream: readonly string[];
  readonly type: EventType<unknown> | undefined;
  readonly annotations: StageAnnotations;
  readonly define: (lanes: Lanes) => StageDefinition;
}

/** The numbers that stand for names once every stage is known. */
interface Lanes {
  readonly lane: LaneId;
  readonly upstream: readonly LaneId[];
  readonly backward: readonly LaneId[];
  readonly type: TypeId;
}

/** Gathers the stages that a build function declares, and what is wrong with them. */
export class FlowRecorder {
  readonly faults: FlowFault[] = [];
  readonly #name: string;
  readonly #declared: Declared[] = [];
  /** What feeds each feedback. */
  readonly #feedbacks: Map<string, string[]> = new Map();

  constructor(name: string) {
    this.#name = name;
  }

  source<T>(
    name: string,
    items: Items<T> | (() => Items<T> | Promise<Items<T>>),
    options: SourceOptions<T> = {},
  ): void {
    if (!isOpenable(items)) this.#notAFunction(name, "its items, unless they are iterable,", items);
    const open = typeof items === "function" ? items : () => items;
    const fingerprint = codeFingerprint(items);
    this.#declared.push({
      name,
      kind: "source",
      upstream: [],
      type: this.#type(name, options.type),
      annotations: emitting(options.type),
      define: ({ lane, type }) => ({ kind: "source", name, lane, type, fingerprint, open, expected: options.expected }),
    });
  }

  pure(stage: {
    readonly name: string;
    readonly kind: PureDefinition["kind"];
    readonly upstream: readonly string[];
    /** What the author wrote, by the names by which faults speak of it. */
    readonly functions: Readonly<Record<string, unknown>>;
    readonly program: PureDefinition["program"];
    readonly options: StageOptions<unknown>;
  }): void {
    const { name, kind, program } = stage;
    for (const [what, value] of Object.entries(stage.functions)) {
      if (typeof value !== "function") this.#notAFunction(name, `its \`${what}\``, value);
    }
    const fingerprint = codeFingerprint(stage.functions);
    this.#declared.push({
      name,
      kind,
      upstream: stage.upstream,
      type: this.#type(name, stage.options.type),
      annotations: emitting(stage.options.type),
      define: (lanes) => ({ kind, name, ...lanes, fingerprint, program }),
    });
  }

  sink(
    name: string,
    upstream: readonly string[],
    connector: SinkConnector<unknown>,
    functions: unknown,
    options: SinkOptions = {},
  ): void {
    const open: unknown = (connector as { readonly open?: unknown } | undefined)?.open;
    if (typeof open !== "function") this.#notAFunction(name, "`open` of its connector", open);
    const fingerprint = codeFingerprint(functions);
    const flush = options.flush ?? connector?.flush ?? {};
    this.faults.push(...flushPolicyFaults(name, flush));
    this.#declared.push({
      name,
      kind: "sink",
      upstream,
      type: undefined,
      annotations: connector?.guarantee === undefined ? {} : { guarantee: connector.guarantee },
      define: ({ lane, upstream: lanes }) => ({
        kind: "sink",
        name,
        lane,
        upstream: lanes,
        fingerprint,
        connector,
        flush,
      }),
    });
  }

  /** A name that stands for what will be connected to a feedback. No stage can have it. */
  feedback(): string {
    const loop = `feedback ${this.#feedbacks.size}`;
    this.#feedbacks.set(loop, []);
    return loop;
  }

  connect(loop: string, upstream: readonly string[]): void {
    this.#feedbacks.get(loop)?.push(...upstream);
  }

  foreign(stage: string): void {
    this.faults.push({ kind: "foreign-stream", stage });
  }

  finish(): Result<FlowDefinition, readonly FlowFault[]> {
    const builder = topology(this.#name);
    for (const { name, kind, annotations } of this.#declared) builder.stage({ name, kind, annotations });
    for (const { name, upstream } of this.#declared) {
      for (const { from, kind } of this.#inputsOf(upstream)) builder.edge({ from, to: name, kind });
    }
    for (const [loop, fed] of this.#feedbacks) {
      const readers = this.#declared.filter(({ upstream }) => upstream.includes(loop)).map(({ name }) => name);
      if (fed.length === 0) this.faults.push({ kind: "open-feedback", readers });
    }
    const graph = builder.build("full");
    if (graph.isErr()) this.faults.push(...graph.error.map((fault): FlowFault => ({ kind: "topology", fault })));
    const types = this.#types();
    if (graph.isErr() || this.faults.length > 0) return err(this.faults);
    const laneOf = new Map(this.#declared.map(({ name }, index) => [name, (index + 1) as LaneId]));
    const stages = this.#declared.map(({ name, upstream, type, define }) => {
      const inputs = this.#inputsOf(upstream);
      const lanes = inputs.map(({ from }) => laneOf.get(from) as LaneId);
      return define({
        lane: laneOf.get(name) as LaneId,
        upstream: lanes,
        backward: lanes.filter((_, index) => inputs[index]?.kind === "backward"),
        type: types.findIndex((known) => known.name === type?.name) as TypeId,
      });
    });
    return ok({ name: this.#name, topology: graph.value, stages, types });
  }

  /** The stages behind upstream names: what feeds a feedback comes by backward edges. */
  #inputsOf(upstream: readonly string[]): readonly { readonly from: string; readonly kind: EdgeKind }[] {
    return upstream.flatMap((name): readonly { readonly from: string; readonly kind: EdgeKind }[] => {
      const fed = this.#feedbacks.get(name);
      if (fed === undefined) return [{ from: name, kind: "forward" }];
      return [...new Set(fed)].map((from) => ({ from, kind: "backward" }));
    });
  }

  /** Every type once: as it was declared where it was, else as the default of a stage. */
  #types(): readonly EventType<unknown>[] {
    const types = new Map<string, EventType<unknown>>();
    for (const { type } of this.#declared) {
      if (type === undefined) continue;
      const known = types.get(type.name);
      if (known !== undefined && known.version !== type.version) {
        this.faults.push({ kind: "type-in-two-versions", type: type.name, versions: [known.version, type.version] });
      }
      if (known !== undefined && known !== type && [known, type].some(hasMeaning)) {
        this.faults.push({ kind: "type-declared-twice", type: type.name });
      }
      types.set(type.name, type);
    }
    return [...types.values()];
  }

  #type(stage: string, declared: EventType<unknown> | undefined): EventType<unknown> {
    const type = declared ?? eventType(stage);
    for (const fault of declared === undefined ? [] : checkEventType(type)) {
      this.faults.push({ kind: "event-type", stage, fault });
    }
    return type;
  }

  #notAFunction(stage: string, what: string, found: unknown): void {
    this.faults.push({ kind: "not-a-function", stage, what, found: found === null ? "null" : typeof found });
  }
}

/** A type that its author named is worth showing; the default one is the stage's own name. */
function emitting(type: EventType<unknown> | undefined): StageAnnotations {
  return type === undefined ? {} : { typing: { output: type.name } };
}

/** Whether a type says more than its name and version. */
function hasMeaning({ schema, upcasters }: EventType<unknown>): boolean {
  return schema !== undefined || upcasters.size > 0;
}

function isOpenable(items: unknown): boolean {
  if (typeof items === "function") return true;
  return typeof items === "object" && items !== null && (Symbol.iterator in items || Symbol.asyncIterator in items);
}
