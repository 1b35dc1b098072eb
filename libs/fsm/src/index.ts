export { machine, type MachineBuilder, type StatesNotDescribed } from "./machine-builder.ts";
export type { EventsWithoutAnswer, FinalBuilder, StateBuilder, StateDescription } from "./state-builder.ts";
export type { Machine, Timeout } from "./machine.ts";
export type { Acts, Hook, Move, Stay, Step } from "./step.ts";
export type { BareKindOf, Kinded, KindOf, Of } from "./kinded.ts";
export type { FoldFault, FsmFault } from "./fsm-fault.ts";
export type { BuildFault } from "./build-fault.ts";
export type {
  Describable,
  EdgeDescription,
  MachineDescription,
  TimeoutDescription,
  WildcardDescription,
} from "./description.ts";
export { explain } from "./explain.ts";
export { toMermaid } from "./mermaid.ts";
export { toDot } from "./dot.ts";
export { interpreter, type Interpreter, type InterpreterOptions, type TimeoutClock } from "./interpreter.ts";
export type { InterpreterFault } from "./interpreter-fault.ts";
