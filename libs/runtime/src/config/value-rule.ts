/** What a key's value may be, as plain data: the table of keys is the one place that says it. */
export type ValueRule =
  | { readonly type: "choice"; readonly choices: readonly string[] }
  | {
      readonly type: "whole";
      /** Both limits are allowed values. */
      readonly min: number;
      readonly max: number;
      readonly unit: string;
      /** The word `never` is allowed in place of a number. */
      readonly never?: true;
    }
  | { readonly type: "flag" };

/** Any value that a key can have. */
export type ConfigurationValue = string | number | boolean;

/** The type of the values that a rule allows. */
export type ValueOf<R extends ValueRule> = R extends { readonly choices: readonly (infer C)[] }
  ? C
  : R extends { readonly type: "flag" }
    ? boolean
    : R extends { readonly never: true }
      ? number | "never"
      : number;

/** How a value fits its rule: it does, it is of another type, or it is a number beyond the limits. */
export type Fit = "fits" | "wrong-type" | "out-of-range";

export function fitOf(rule: ValueRule, value: unknown): Fit {
  switch (rule.type) {
    case "choice":
      return typeof value === "string" && rule.choices.includes(value) ? "fits" : "wrong-type";
    case "flag":
      return typeof value === "boolean" ? "fits" : "wrong-type";
    case "whole":
      if (value === "never" && rule.never === true) return "fits";
      if (typeof value === "bigint") return "out-of-range";
      if (typeof value !== "number" || !Number.isInteger(value)) return "wrong-type";
      return value < rule.min || value > rule.max ? "out-of-range" : "fits";
  }
}

/**
 * The value that a text from the command line or the environment stands for. A text that stands for none is given back
 * as it is, and does not fit the rule.
 */
export function valueOfText(rule: ValueRule, text: string): unknown {
  switch (rule.type) {
    case "choice":
      return text;
    case "flag":
      return text === "true" ? true : text === "false" ? false : text;
    case "whole":
      return /^-?\d+$/.test(text) ? Number(text) : text;
  }
}

/** What is allowed, for people: "off, track or enforce", "a whole number of records from 1 to 1,000,000". */
export function allowedText(rule: ValueRule): string {
  switch (rule.type) {
    case "choice":
      return alternatives(rule.choices);
    case "flag":
      return "true or false";
    case "whole":
      return (
        `a whole number of ${rule.unit} from ${grouped(rule.min)} to ${grouped(rule.max)}` +
        (rule.never === true ? ", or never" : "")
      );
  }
}

function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}

/** Digits in groups of three, the same in every locale. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
