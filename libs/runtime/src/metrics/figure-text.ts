const LARGE = ["M", "G", "T", "P", "E"] as const;
const BYTES = ["B", "kB", "MB", "GB", "TB", "PB", "EB"] as const;

/** What stands where there is no figure. */
export const NO_FIGURE = "–";

/** A count: whole and with commas below ten million, then with three digits, `12.3 M`. At most ten characters. */
export function countText(count: number): string {
  if (count === Infinity) return "∞";
  if (count < 10_000_000) return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
  return scaled(count / 1_000_000, LARGE) ?? count.toExponential(2);
}

/** A size with three digits, in powers of 1000: `840 B`, `1.20 MB`. */
export function bytesText(bytes: number): string {
  if (bytes === Infinity) return "∞";
  if (bytes < 999.5) return `${Math.round(bytes)} B`;
  return scaled(bytes, BYTES) ?? `${bytes.toExponential(2)} B`;
}

/** A span of time with three digits or in two units: `12.0 µs`, `1.24 s`, `3 min 12 s`, `2 d 5 h`. */
export function durationText(ms: number | undefined): string {
  if (ms === undefined) return NO_FIGURE;
  if (ms < 0.000_5) return "0 ms";
  if (ms < 0.999_5) return `${threeDigits(ms * 1_000)} µs`;
  if (ms < 999.5) return `${threeDigits(ms)} ms`;
  if (ms < 59_950) return `${threeDigits(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(minutes / 60);
  return `${countText(Math.floor(hours / 24))} d ${hours % 24} h`;
}

/** Undefined if even the last unit is too small. */
function scaled(value: number, units: readonly string[]): string | undefined {
  let rest = value;
  for (const unit of units) {
    if (rest < 999.5) return `${threeDigits(rest)} ${unit}`;
    rest /= 1_000;
  }
  return undefined;
}

/** A number below 999.5 with three digits that count: 1.24, 87.1, 340. */
function threeDigits(value: number): string {
  if (value < 9.995) return value.toFixed(2);
  return value.toFixed(value < 99.95 ? 1 : 0);
}
