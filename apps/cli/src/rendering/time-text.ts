/** A time as people read it, in UTC: `2026-11-21 09:32:21.004 UTC`. What is no time of the calendar is told as the number it is. */
export function timeText(timeMs: number): string {
  return isoText(timeMs)?.replace("T", " ").replace("Z", " UTC") ?? `${timeMs} ms`;
}

/** The time of the day, in UTC: `09:32:21.004`. What is no time of the calendar is told as the number it is. */
export function clockText(timeMs: number): string {
  return isoText(timeMs)?.slice(-13, -1) ?? `${timeMs} ms`;
}

/** Undefined for what a calendar does not reach, and for what is no number. */
function isoText(timeMs: number): string | undefined {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** A span of time with three digits that count: `87 ms`, `1.24 s`, `3 min 12 s`. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return `${ms} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
