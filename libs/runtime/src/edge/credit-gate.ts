/**
 * Stands before an edge, in tests, and withholds credit: what it does not let pass stays with the writer, which then waits as
 * it does for a slow reader.
 */
export interface CreditGate {
  /** The edge, by the names of its stages. */
  readonly from: string;
  readonly to: string;
  /** How many records may pass now, at the most. */
  readonly credit: number;
  /** So many records have passed. */
  passed(records: number): void;
  /** `wake` is to be called whenever there is more credit. */
  attach(wake: () => void): void;
}
