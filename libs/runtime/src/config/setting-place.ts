import type { EdgeEnds } from "@refold/topology";

/** What a setting holds for. */
export type SettingPlace =
  | { readonly scope: "global" }
  | { readonly scope: "flow" }
  | { readonly scope: "stage"; readonly stage: string }
  | { readonly scope: "edge"; readonly edge: EdgeEnds };
