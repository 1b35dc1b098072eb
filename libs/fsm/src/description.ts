/** A machine as plain data, in the order in which it was described: for diagrams, for comparison, for documentation. */
export interface MachineDescription {
  readonly name: string;
  readonly initial: string;
  readonly states: readonly string[];
  readonly finals: readonly string[];
  readonly edges: readonly EdgeDescription[];
  /** Edges of every state that is not final and does not answer the event itself. */
  readonly wildcards: readonly WildcardDescription[];
  readonly timeouts: readonly TimeoutDescription[];
  readonly unhandled: "fault" | "ignore";
}

/** Anything that can give its description: a machine. */
export interface Describable {
  describe(): MachineDescription;
}

/** How one state answers one event. `to` is empty unless it moves. */
export interface EdgeDescription extends WildcardDescription {
  readonly from: string;
}

/** How a wildcard answers one event. `to` is empty unless it moves. */
export interface WildcardDescription {
  readonly kind: "move" | "stay" | "ignore";
  readonly event: string;
  readonly to: readonly string[];
}

/** `after` is in milliseconds, or names the field of the state that holds them. */
export interface TimeoutDescription {
  readonly state: string;
  readonly after: number | string;
  readonly event: string;
}
