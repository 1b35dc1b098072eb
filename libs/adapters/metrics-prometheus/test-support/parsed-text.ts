// @ts-expect-error: the parser comes without types.
import untyped from "parse-prometheus-text-format";

/** A family as the parser gives it: values are texts. Of a histogram it drops the labels, see `samplesIn`. */
export interface ParsedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly ParsedMetric[];
}

interface ParsedMetric {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value?: string;
}

/** A line that tells a value. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

// The shape is the one of the parser's documentation.
const parse = untyped as (text: string) => ParsedFamily[];

/** What a reader finds in the text, group by group. Throws if the text is not in the format. */
export function familiesIn(text: string): readonly ParsedFamily[] {
  return parse(text);
}

/** The samples of one name that have all these labels, each as the parser reads its line alone. */
export function samplesIn(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly ParsedSample[] {
  const wanted = Object.entries(labels);
  return text
    .split("\n")
    .flatMap((line) => parse(`${line}\n`))
    .flatMap((line) =>
      line.metrics.map((metric) => ({
        name: line.name,
        labels: metric.labels ?? {},
        value: valueOf(metric.value),
      })),
    )
    .filter((sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value));
}

/** The value of the only sample that has these labels; undefined if none has. */
export function valueIn(text: string, name: string, labels: Readonly<Record<string, string>>): number | undefined {
  const found = samplesIn(text, name, labels);
  if (found.length > 1) throw new Error(`${found.length} samples of ${name} have these labels`);
  return found[0]?.value;
}

function valueOf(text: string | undefined): number {
  return text === "+Inf" ? Infinity : Number(text);
}
