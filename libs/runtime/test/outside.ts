import type { EffectCall } from "@refold/core";

/** An outside that knows calls by their keys, and that a process leaves behind when it is killed. */
export class Outside {
  /** The keys of all calls that were made, in their order. */
  readonly calls: string[] = [];
  /** What took effect, by key. */
  readonly effects: Map<string, number> = new Map();
  /** The keys that were asked for. */
  readonly asked: string[] = [];

  act = async (amount: number, { key }: Pick<EffectCall<unknown>, "key">): Promise<{ readonly acted: number }> => {
    await Promise.resolve();
    this.calls.push(key);
    this.effects.set(key, (this.effects.get(key) ?? 0) + 1);
    return { acted: amount };
  };

  find = async (key: string): Promise<{ readonly acted: number } | undefined> => {
    await Promise.resolve();
    this.asked.push(key);
    return this.effects.has(key) ? { acted: -1 } : undefined;
  };
}
