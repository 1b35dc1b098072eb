import { at } from "./at.ts";

/**
 * A directed graph over the nodes 0 … count-1, compressed by row in both directions. Neighbours are ascending, so
 * that every walk over it is deterministic. Building it and walking all of it is O(V + E).
 */
export class Digraph {
  readonly count: number;
  readonly #successors: Rows;
  readonly #predecessors: Rows;

  /** `from[i] → to[i]` is one edge; all numbers must be nodes. */
  constructor(count: number, from: ArrayLike<number>, to: ArrayLike<number>) {
    this.count = count;
    // Two stable counting sorts, the minor key first: each row comes out ascending, whatever the order of the edges.
    const unsorted = rows(count, from, to);
    this.#predecessors = transposed(count, unsorted);
    this.#successors = transposed(count, this.#predecessors);
  }

  outDegree(node: number): number {
    return at(this.#successors.start, node + 1) - at(this.#successors.start, node);
  }

  inDegree(node: number): number {
    return at(this.#predecessors.start, node + 1) - at(this.#predecessors.start, node);
  }

  /** The `k`-th successor, 0 ≤ k < outDegree(node). */
  successor(node: number, k: number): number {
    return at(this.#successors.target, at(this.#successors.start, node) + k);
  }

  /** The `k`-th predecessor, 0 ≤ k < inDegree(node). */
  predecessor(node: number, k: number): number {
    return at(this.#predecessors.target, at(this.#predecessors.start, node) + k);
  }
}

interface Rows {
  /** Row r lies at start[r] … start[r + 1] - 1 of `target`. */
  readonly start: Int32Array;
  readonly target: Int32Array;
}

function rows(count: number, from: ArrayLike<number>, to: ArrayLike<number>): Rows {
  const start = new Int32Array(count + 1);
  for (let i = 0; i < from.length; i += 1) start[at(from, i) + 1] = at(start, at(from, i) + 1) + 1;
  for (let node = 0; node < count; node += 1) start[node + 1] = at(start, node + 1) + at(start, node);
  const next = start.slice();
  const target = new Int32Array(from.length);
  for (let i = 0; i < from.length; i += 1) {
    const row = at(from, i);
    const place = at(next, row);
    target[place] = at(to, i);
    next[row] = place + 1;
  }
  return { start, target };
}

function transposed(count: number, { start, target }: Rows): Rows {
  const source = new Int32Array(target.length);
  for (let row = 0; row < count; row += 1) source.fill(row, at(start, row), at(start, row + 1));
  return rows(count, target, source);
}
