import type { Logger } from "@refold/core";

/** A logger that cannot fail a run: what it throws is lost, as is what it was told. */
export function guardedLogger(logger: Logger): Logger {
  return {
    warn: (message, detail) => quietly(() => logger.warn(message, detail)),
    error: (message, detail) => quietly(() => logger.error(message, detail)),
  };
}

function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // There is nobody left to tell.
  }
}
