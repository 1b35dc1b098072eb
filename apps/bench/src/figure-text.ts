const PREFIXES = [
  [1e9, " G"],
  [1e6, " M"],
  [1e3, " k"],
] as const;

/** A figure with three digits that count: rates with a prefix (`312 k`), everything else as it is (`0.44`). */
export function figureText(value: number, unit: string): string {
  if (unit.endsWith("/s")) {
    for (const [factor, prefix] of PREFIXES) {
      // What would be rounded up to 1000 of the smaller prefix takes the larger one.
      if (Math.abs(value) >= factor * 0.9995) return `${threeDigits(value / factor)}${prefix}`;
    }
  }
  return threeDigits(value);
}

/** Two digits behind the point are enough below 10, and none from 100 on. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(size >= 0.0995 || size === 0 ? 2 : 3);
}
