/** Where settings come from, from the strongest to the weakest. */
export const SOURCES = ["command line", "file", "environment", "code", "default"] as const;
export type ConfigurationSource = (typeof SOURCES)[number];

/** Where a setting was read, for people. */
export interface Origin {
  readonly source: ConfigurationSource;
  /** More exactly: a path with or without a line, a variable, an option. */
  readonly where?: string;
}
