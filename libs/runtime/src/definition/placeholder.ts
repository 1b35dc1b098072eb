/** A stage, a part of which is not written yet. */
export interface Placeholder {
  readonly stage: string;
  /** As its author said it. */
  readonly why: string;
}

/** What is missing, and what to do. */
export function explainPlaceholder({ stage, why }: Placeholder): string {
  return `Stage "${stage}" has a placeholder (${why}). Write what it stands for, then run the flow.`;
}
