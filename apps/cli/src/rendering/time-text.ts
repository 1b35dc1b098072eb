/** A time as people read it, in UTC: `2026-11-21 09:32:21.004 UTC`. */
export function timeText(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)} UTC`;
}

/** The time of the day, in UTC: `09:32:21.004`. */
export function clockText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 23);
}

/** A span of time with three digits that count: `87 ms`, `1.24 s`, `3 min 12 s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
