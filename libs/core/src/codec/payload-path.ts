/**
 * One step into a payload: a key of an object, an index of an array, the number of a member of a set. In a map, keys and
 * values are counted in turn: 0 is the first key, 1 its value.
 */
export type Step = string | number;

/** A place in a payload. */
export interface PayloadPlace {
  /** As one would write it in code: `$.items[3]`, `$.prices.get("EUR")`, `$.tags.values()[2]`. */
  readonly path: string;
  /** Whether the value there contains itself. The path then ends where it is met for the second time. */
  readonly cycle: boolean;
}

/** Follows `steps` from `root`, which `base` stands for, to their end or to the first object that is its own ancestor. */
export function payloadPlace(root: unknown, base: string, steps: readonly Step[]): PayloadPlace {
  const ancestors = new Set<unknown>();
  let path = base;
  let value = root;
  for (const step of steps) {
    if (ancestors.has(value)) return { path, cycle: true };
    if (value !== undefined) ancestors.add(value);
    const next = follow(value, step);
    path += next.text;
    value = next.value;
  }
  return { path, cycle: typeof value === "object" && value !== null && ancestors.has(value) };
}

interface Followed {
  readonly text: string;
  readonly value: unknown;
}

function follow(value: unknown, step: Step): Followed {
  const text =
    typeof step === "number" ? `[${step}]` : /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  try {
    if (typeof step === "number") {
      if (value instanceof Map) return followEntry(value, step);
      if (value instanceof Set) return { text: `.values()${text}`, value: [...(value as Set<unknown>)][step] };
    }
    return { text, value: (value as Readonly<Record<Step, unknown>>)[step] };
  } catch {
    // A getter or a proxy threw: what lies below it cannot be followed.
    return { text, value: undefined };
  }
}

function followEntry(map: ReadonlyMap<unknown, unknown>, step: number): Followed {
  const index = step >> 1;
  const [key, held] = [...map][index] ?? [];
  if (step % 2 === 0) return { text: `.keys()[${index}]`, value: key };
  const direct = typeof key === "string" || typeof key === "number";
  return { text: direct ? `.get(${JSON.stringify(key)})` : `.values()[${index}]`, value: held };
}
