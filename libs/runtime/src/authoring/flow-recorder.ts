import { err, ok, type Result } from "neverthrow";

import { checkEventType, eventType, type EventType, type LaneId, type SinkConnector, type TypeId } from "@refold/core";
import { topology, type EdgeKind, type StageAnnotations } from "@refold/topology";

import type {
  FlowDefinition,
  InputDefinition,
  PureDefinition,
  StageDefinition,
} from "../definition/flow-definition.ts";
import type { FlowFault } from "../definition/flow-fault.ts";
import type { EffectfulHandling } from "../effect/input-handling.ts";
import { effectProblems } from "./effect.ts";
import { DEFAULT_RETRY, type RetrySettings } from "../definition/retry-settings.ts";
import { codeFingerprint } from "./fingerprint.ts";
import { isItems } from "./items.ts";
import { flushPolicyFaults } from "./flush-policy-faults.ts";
import type { Takes } from "../edge/record-view.ts";
import { joinFaults, type CheckedStage } from "./join-check.ts";
import type { LifecycleObserver } from "../pipeline/lifecycle-observers.ts";
import type { ObserverHandlers } from "../stage/observer-handlers.ts";
import { placeholdersIn } from "./placeholder.ts";
import { guarded, pollPolicyFaults, writePolicyFaults } from "./policy-option-faults.ts";
import type { Port, StageInput } from "./port.ts";
import { sourceForm, type SourceForm, type SourceInput } from "./source-input.ts";
import { sourceOptionFaults } from "./source-option-faults.ts";
import type { SinkOptions, SourceOptions, StageOptions } from "./stage-options.ts";

interface Declared {
  readonly name: string;
  readonly kind: StageDefinition["kind"];
  /** The stream, and for a join its references. */
  readonly inputs: readonly StageInput[];
  readonly outputs: readonly EventType<unknown>[];
  readonly annotations: StageAnnotations;
  /** Of a join: whether its references are read to their end before its stream. */
  readonly hydrates: boolean;
  /** What its author wrote, to be searched for placeholders. */
  readonly written: readonly unknown[];
  readonly define: (lanes: Lanes) => StageDefinition;
}

/** The numbers that stand for names once every stage is known. */
interface Lanes {
  readonly lane: LaneId;
  readonly inputs: readonly InputDefinition[];
  readonly types: readonly TypeId[];
}

/** Gathers the stages that a build function declares, and what is wrong with them. */
export class FlowRecorder {
  readonly faults: FlowFault[] = [];
  readonly #name: string;
  readonly #declared: Declared[] = [];
  readonly #observers: LifecycleObserver[] = [];
  /** What feeds each feedback. */
  readonly #feedbacks: Map<string, Port[]> = new Map();

  constructor(name: string) {
    this.#name = name;
  }

  source<T>(name: string, from: SourceInput<T>, options: SourceOptions<T> = {}): void {
    const form = sourceForm(from);
    if (form === undefined) this.#notAFunction(name, "its items, unless they are iterable,", from);
    const extent = options.extent ?? (form === undefined ? "finite" : form.extent);
    const retry: RetrySettings = { ...DEFAULT_RETRY, ...options.retry };
    const { expected, policies = [] } = options;
    this.faults.push(
      ...sourceOptionFaults(name, { from, extent, retry, expected }),
      ...pollPolicyFaults(name, policies),
    );
    // Items may be many, and none of them is code.
    const fingerprint = codeFingerprint(isItems(from) ? undefined : from);
    const notes = form?.description === undefined ? {} : { notes: { source: form.description } };
    this.#declared.push({
      name,
      kind: "source",
      inputs: [],
      outputs: [this.#type(name, options.type)],
      annotations: { ...emitting(options.type), ...guarded(policies), ...notes },
      hydrates: false,
      // Items may be many, and none of them is a handler.
      written: isItems(from) ? [] : [from],
      define: ({ lane, types: [type] }) => {
        // Without a form the flow is not built.
        const { open } = form as SourceForm;
        return {
          kind: "source",
          name,
          lane,
          type: type as TypeId,
          fingerprint,
          open,
          extent,
          retry,
          policies,
          expected,
        };
      },
    });
  }

  pure(stage: {
    readonly name: string;
    readonly kind: PureDefinition["kind"];
    readonly inputs: readonly StageInput[];
    /** What the author wrote, by the names by which faults speak of it. */
    readonly functions: Readonly<Record<string, unknown>>;
    /** What else decides what it computes, as plain data. */
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly program: PureDefinition["program"];
    readonly options: StageOptions<unknown>;
    /** Types of further outputs, each with a port of its own. */
    readonly more?: readonly EventType<unknown>[];
    readonly hydrates?: boolean;
    /** What topologies show of a join. */
    readonly join?: StageAnnotations["join"];
    /** What is wrong with its settings, in words that follow the stage's name. */
    readonly problems?: readonly (string | undefined)[];
  }): void {
    const { name, kind, inputs, program, options, more = [], hydrates = false, join, problems = [] } = stage;
    for (const problem of problems) if (problem !== undefined) this.badOption(name, problem);
    for (const [what, value] of Object.entries(stage.functions)) {
      if (typeof value !== "function") this.#notAFunction(name, `its \`${what}\``, value);
    }
    const fingerprint = codeFingerprint(stage.functions, stage.settings);
    const orderBy = inputs[0]?.orderBy;
    this.#declared.push({
      name,
      kind,
      inputs,
      outputs: [this.#type(name, options.type), ...more.map((type) => this.#type(name, type))],
      annotations: { ...emitting(options.type), ...(join === undefined ? {} : { join }) },
      hydrates,
      written: [stage.functions, ...inputs.map(({ orderBy: order }) => order)],
      define: (lanes) => ({ kind, name, ...lanes, orderBy, hydrates, fingerprint, program }),
    });
  }

  effectful(stage: {
    readonly name: string;
    readonly inputs: readonly StageInput[];
    readonly functions: Readonly<Record<string, unknown>>;
    readonly handling: EffectfulHandling;
    readonly options: StageOptions<unknown>;
  }): void {
    const { name, inputs, functions, handling, options } = stage;
    for (const [what, value] of Object.entries(functions)) {
      if (typeof value !== "function") this.#notAFunction(name, `its \`${what}\``, value);
    }
    const { concurrency, effects } = handling;
    const problems = Object.entries(effects).flatMap(([as, effect]) => effectProblems(as, effect));
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      problems.push(`its concurrency is ${String(concurrency)}: give a whole number from 1`);
    }
    for (const problem of problems) this.badOption(name, problem);
    const policies = Object.values(effects).flatMap(({ name: effect, policies: specs = [] }) =>
      specs.map(({ policy }) => ({ name: policy, detail: effect })),
    );
    const fingerprint = codeFingerprint({ functions, effects });
    const orderBy = inputs[0]?.orderBy;
    this.#declared.push({
      name,
      kind: "effectful",
      inputs,
      outputs: [this.#type(name, options.type)],
      annotations: { ...emitting(options.type), ...(policies.length > 0 ? { policies } : {}) },
      hydrates: false,
      written: [functions, effects, orderBy],
      define: (lanes) => ({ kind: "effectful", name, ...lanes, orderBy, fingerprint, handling }),
    });
  }

  sink(
    name: string,
    input: StageInput,
    connector: SinkConnector<unknown>,
    functions: unknown,
    options: SinkOptions = {},
  ): void {
    const open: unknown = (connector as { readonly open?: unknown } | undefined)?.open;
    if (typeof open !== "function") this.#notAFunction(name, "`open` of its connector", open);
    const fingerprint = codeFingerprint(functions);
    const flush = options.flush ?? connector?.flush ?? {};
    const { policies = [] } = options;
    const guarantee = connector?.guarantee;
    this.faults.push(...flushPolicyFaults(name, flush), ...writePolicyFaults(name, policies, guarantee));
    const { orderBy } = input;
    this.#declared.push({
      name,
      kind: "sink",
      inputs: [input],
      outputs: [],
      annotations: { ...guarded(policies), ...(guarantee === undefined ? {} : { guarantee }) },
      hydrates: false,
      written: [functions, orderBy],
      define: ({ lane, inputs }) => ({
        kind: "sink",
        name,
        lane,
        inputs,
        orderBy,
        fingerprint,
        connector,
        flush,
        policies,
      }),
    });
  }

  lifecycleObserver(name: string, lifecycle: LifecycleObserver["lifecycle"]): void {
    if (typeof lifecycle !== "function") this.#notAFunction(name, "its observer", lifecycle);
    this.#observers.push({ name, lifecycle });
  }

  observer(name: string, input: StageInput, handlers: ObserverHandlers): void {
    const given = Object.entries(handlers).filter(([, handler]) => handler !== undefined);
    for (const [what, handler] of given) {
      if (typeof handler !== "function") this.#notAFunction(name, `its \`${what}\``, handler);
    }
    if (given.length === 0) this.#notAFunction(name, "what it calls", undefined);
    const fingerprint = codeFingerprint(handlers);
    const notices = handlers.rejected !== undefined || handlers.lifecycle !== undefined;
    this.#declared.push({
      name,
      kind: "observer",
      inputs: [input],
      outputs: [],
      annotations: {},
      hydrates: false,
      written: [handlers],
      define: ({ lane, inputs }) => ({
        kind: "observer",
        name,
        lane,
        inputs: inputs.map((one) => ({ ...one, takes: { ...one.takes, notices }, backward: false })),
        // It sees records as they come.
        orderBy: undefined,
        fingerprint,
        handlers,
      }),
    });
  }

  /** A name that stands for what will be connected to a feedback. No stage can have it. */
  feedback(): string {
    const loop = `feedback ${this.#feedbacks.size}`;
    this.#feedbacks.set(loop, []);
    return loop;
  }

  connect(loop: string, ports: readonly Port[]): void {
    this.#feedbacks.get(loop)?.push(...ports);
  }

  /** What several inputs read together. One that is in order would be in no order among others. */
  merged(inputs: readonly StageInput[]): readonly Port[] {
    for (const { ports, orderBy } of inputs) {
      if (orderBy === undefined || inputs.length === 1) continue;
      this.faults.push({ kind: "order-lost", stages: ports.map(({ stage }) => stage) });
    }
    return inputs.flatMap(({ ports }) => ports);
  }

  badOption(stage: string, problem: string): void {
    this.faults.push({ kind: "bad-option", stage, problem });
  }

  foreign(stage: string): void {
    this.faults.push({ kind: "foreign-stream", stage });
  }

  finish(): Result<FlowDefinition, readonly FlowFault[]> {
    const builder = topology(this.#name);
    for (const { name, kind, annotations, written } of this.#declared) {
      const why = reasonsOf(written);
      const placeholder = why.length === 0 ? {} : { placeholder: why.join("; ") };
      builder.stage({ name, kind, annotations: { ...annotations, ...placeholder } });
    }
    for (const { name, kind, inputs } of this.#declared) {
      const orders = inputs.filter(({ orderBy }) => orderBy !== undefined && typeof orderBy !== "function");
      for (const { orderBy } of orders)
        this.#notAFunction(name, "the event time by which its input is merged", orderBy);
      const fed = new Set<string>();
      for (const [index, input] of inputs.entries()) {
        const role = kind === "join" ? { role: index === 0 ? ("stream" as const) : ("reference" as const) } : {};
        for (const { from, edge } of this.#edgesOf(input)) {
          // A second edge from one stage is told of as what it is: a join with itself. An observer of what comes round a cycle
          // closes none.
          const way = kind === "observer" ? "forward" : edge;
          if (!fed.has(from)) builder.edge({ from, to: name, kind: way, ...role });
          fed.add(from);
        }
      }
    }
    const joins = joinFaults(this.#declared.map((stage) => this.#checked(stage)));
    this.faults.push(...joins);
    for (const [loop, fed] of this.#feedbacks) {
      const readers = this.#declared
        .filter(({ inputs }) => inputs.some(({ ports }) => ports.some(({ stage }) => stage === loop)))
        .map(({ name }) => name);
      if (fed.length === 0) this.faults.push({ kind: "open-feedback", readers });
    }
    for (const { name, inputs } of this.#declared) {
      const waits = ({ ports, orderBy }: StageInput): boolean =>
        orderBy !== undefined && ports.length > 1 && ports.some(({ stage }) => this.#feedbacks.has(stage));
      if (!inputs.some(waits)) continue;
      const problem = "it merges a feedback by event time, and would wait for what can only come of itself";
      this.faults.push({ kind: "bad-option", stage: name, problem });
    }
    const graph = builder.build("full");
    for (const fault of graph.isErr() ? graph.error : []) {
      // Of a join with itself only one side is left.
      const isTold = fault.kind === "join-with-one-input" && joins.some(({ stage }) => stage === fault.stage);
      if (!isTold) this.faults.push({ kind: "topology", fault });
    }
    const types = this.#types();
    if (graph.isErr() || this.faults.length > 0) return err(this.faults);
    const laneOf = new Map(this.#declared.map(({ name }, index) => [name, (index + 1) as LaneId]));
    const typeId = (name: string): TypeId => types.findIndex((known) => known.name === name) as TypeId;
    const stages = this.#declared.map(({ name, inputs, outputs, define }) =>
      define({
        lane: laneOf.get(name) as LaneId,
        inputs: inputs.flatMap((input, index) =>
          this.#edgesOf(input).map(({ from, edge, takes }) => ({
            from: laneOf.get(from) as LaneId,
            takes: taken(takes, typeId),
            backward: edge === "backward",
            reference: index === 0 ? undefined : index - 1,
          })),
        ),
        types: outputs.map((type) => typeId(type.name)),
      }),
    );
    const placeholders = this.#declared.flatMap(({ name, written }) =>
      reasonsOf(written).map((why) => ({ stage: name, why })),
    );
    return ok({
      name: this.#name,
      topology: graph.value,
      stages,
      observers: this.#observers,
      types,
      placeholders,
    });
  }

  #checked({ name, kind, hydrates, inputs }: Declared): CheckedStage {
    return { name, kind, hydrates, inputs: inputs.map((input) => this.#edgesOf(input).map(({ from }) => from)) };
  }

  /** One edge for each stage behind an input, whatever is read of it: what feeds a feedback comes by backward edges. */
  #edgesOf({ ports }: StageInput): readonly InputEdge[] {
    const edges = new Map<string, InputEdge & { readonly takes: Port["takes"][] }>();
    const add = ({ stage: from, takes }: Port, edge: EdgeKind): void => {
      const known = edges.get(from);
      if (known === undefined) edges.set(from, { from, edge, takes: [takes] });
      else known.takes.push(takes);
    };
    for (const port of ports) {
      const fed = this.#feedbacks.get(port.stage);
      if (fed === undefined) add(port, "forward");
      else for (const back of fed) add(back, "backward");
    }
    return [...edges.values()];
  }

  /** Every type once: as it was declared where it was, else as the default of a stage. */
  #types(): readonly EventType<unknown>[] {
    const types = new Map<string, EventType<unknown>>();
    for (const type of this.#declared.flatMap(({ outputs }) => outputs)) {
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
    if (declared !== undefined && !isEventType(declared)) {
      this.badOption(stage, "its `type` is no event type: make one by eventType(name)");
      return eventType(stage);
    }
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

/** JavaScript may give anything. */
function isEventType(value: unknown): boolean {
  const { name, upcasters } = (value ?? {}) as Partial<EventType<unknown>>;
  return typeof name === "string" && upcasters instanceof Map;
}

interface InputEdge {
  readonly from: string;
  readonly edge: EdgeKind;
  readonly takes: readonly Port["takes"][];
}

function taken(ports: readonly Port["takes"][], typeId: (name: string) => TypeId): Takes {
  const types = ports.includes("all")
    ? undefined
    : ports.flatMap((port) => (typeof port === "object" ? [typeId(port.type)] : []));
  return { types, errors: ports.includes("errors") };
}

/** Each reason once, whatever the parts are that wait for it. */
function reasonsOf(written: readonly unknown[]): readonly string[] {
  return [...new Set(placeholdersIn(written))];
}

/** A type that its author named is worth showing; the default one is the stage's own name. */
function emitting(type: EventType<unknown> | undefined): StageAnnotations {
  return type === undefined ? {} : { typing: { output: type.name } };
}

/** Whether a type says more than its name and version. */
function hasMeaning({ schema, upcasters }: EventType<unknown>): boolean {
  return schema !== undefined || upcasters.size > 0;
}
