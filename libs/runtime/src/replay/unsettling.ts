/** Events of a stage's machine after which the step that is open may still go on. */
export const UNSETTLING: readonly string[] = ["cancel", "fail", "emission-begun", "hydrated", "initialize", "start"];
