import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

import type { CsvFault } from "./csv-fault.ts";

/** The type asks for every kind there is. */
const KINDS: { readonly [K in CsvFault["kind"]]: true } = {
  "malformed-csv": true,
  "csv-record-too-large": true,
  "unusable-csv-header": true,
  "csv-row-refused": true,
  "not-utf-8": true,
  "unusable-csv-cursor": true,
  "unusable-csv-progress": true,
  "csv-of-later-run": true,
};

it("docs/faults.md has one row for each fault of CSV files, and none for another", () => {
  const page = readFileSync(new URL("../../../../docs/faults.md", import.meta.url), "utf8");
  const section = page.split(/^## /m).find((part) => part.startsWith("@refold/csv\n")) ?? "";
  const rows = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, kind]) => kind);
  expect(rows.sort()).toEqual(Object.keys(KINDS).sort());
});
