import type { Logger } from "@refold/core";

/** A logger that cannot fail a run: what it throws is lost, as is what it was told. */
export function guardedLogger(logger: Logger): Logger {
  const guarded =
    (tell: Logger["warn"]): Logger["warn"] =>
    (message, detail) => {
      try {
        tell.call(logger, message, detail);
      } catch {
        // There is nobody left to tell.
      }
    };
  return { warn: guarded(logger.warn), error: guarded(logger.error) };
}
