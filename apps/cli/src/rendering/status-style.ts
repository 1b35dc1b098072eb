import type { RunStatus } from "../run-status.ts";
import type { Style } from "./style.ts";

export function styledStatus(status: RunStatus, style: Style): string {
  switch (status) {
    case "completed":
      return style.green(status);
    case "failed":
      return style.red(status);
    case "cancelled":
    case "interrupted":
      return style.yellow(status);
    case "running":
      return style.cyan(status);
  }
}
