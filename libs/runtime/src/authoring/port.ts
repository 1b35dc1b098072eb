/** What a stream reads of a stage. */
export interface Port {
  readonly stage: string;
  /** Outputs of any type, those of one, or what the stage rejects. */
  readonly takes: "all" | "errors" | { readonly type: string };
}

/** What a stage reads as one of its inputs. */
export interface StageInput {
  readonly ports: readonly Port[];
  /** The event time by which several ports are merged; without it they are taken in turn. */
  readonly orderBy?: ((payload: unknown) => number) | undefined;
}
