import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import type { UnstorableReason } from "./codec/unstorable.ts";
import { explainFault, type CoreFault } from "./explain.ts";
import type { LaneId, LaneSeq, Lsn, RunId } from "./place.ts";
import { thrownText } from "./thrown-text.ts";

const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });

/** One fault of each kind, and what is said of it. The type asks for every kind there is. */
const EXPLAINED: {
  readonly [K in CoreFault["kind"]]: readonly [fault: Extract<CoreFault, { kind: K }>, text: string];
} = {
  unstorable: [
    {
      kind: "unstorable",
      record: 1,
      path: "$.items[3]",
      reason: "class-instance",
      detail: "an instance of class Money",
    },
    "Record 1 of the frame cannot be stored: at $.items[3] is an instance of class Money. " +
      "Emit a plain object with its fields in its place.",
  ],
  "frame-too-large": [
    { kind: "frame-too-large", bytes: 17_000_000, limitBytes: 16_777_216 },
    "The records of one step take 17000000 bytes or more, and a frame holds 16777216. " +
      "Emit less for each input, or take inputs in smaller batches.",
  ],
  "too-many-records": [
    { kind: "too-many-records", records: 70_000, limit: 65_535 },
    "One step made 70000 records, and a frame holds 65535. Emit less for each input, or take inputs in smaller batches.",
  ],
  "log-closed": [
    { kind: "log-closed" },
    "The run log is closed and takes no more frames. Resume the run to append to it.",
  ],
  storage: [
    { kind: "storage", operation: "write", path: "/runs/a/000001.log", cause: full },
    "The storage failed to write /runs/a/000001.log: ENOSPC: no space left on device, write. " +
      "The disk is full: make room, then resume the run.",
  ],
  damaged: [
    { kind: "damaged", segment: "000001.log", offset: 4096, lsn: 17 as Lsn, detail: "its checksum is wrong" },
    "The log is damaged in segment 000001.log at offset 4096, frame 17: its checksum is wrong. " +
      "Bring that segment back from a copy; the frames before it can be read.",
  ],
  "not-retained": [
    { kind: "not-retained", asked: 3 as Lsn, first: 17 as Lsn },
    "Frames from 3 on are no longer in the log: it begins with frame 17. " +
      "What is left can be shown and verified; for the whole run, bring back the segments from the archive, if they were put there.",
  ],
  "run-exists": [
    { kind: "run-exists", runId: "0189" as RunId },
    "There is a run 0189 already. Take another id, or resume that run.",
  ],
  "run-not-found": [
    { kind: "run-not-found", runId: "0189", location: "./runs" },
    "There is no run 0189 in ./runs. List the runs there to see which there are.",
  ],
  "not-a-run": [
    { kind: "not-a-run", location: "./runs/x", detail: "it has no manifest" },
    "./runs/x is not a run: it has no manifest. Point to a run, or move what is there out of the way.",
  ],
  "manifest-malformed": [
    { kind: "manifest-malformed", location: "./runs/x", detail: "`flow` is missing" },
    "The manifest in ./runs/x cannot be used: `flow` is missing. " +
      "Bring it back from a copy; without it the run cannot be read.",
  ],
  "later-format": [
    { kind: "later-format", location: "./runs/x", format: 3, supported: 1 },
    "The run in ./runs/x is of format 3, and this version of Refold reads up to 1. " +
      "Open it with the version that wrote it, or with a later one.",
  ],
  locked: [
    { kind: "locked", location: "./runs/x", holder: "process 4711 on host mill" },
    "The run in ./runs/x is held for writing by process 4711 on host mill. " +
      "Wait until that process has ended, or end it; reading is possible meanwhile.",
  ],
  "malformed-body": [
    { kind: "malformed-body", detail: "record kind 16 is not known", at: 3 },
    "A frame's body cannot be read at its byte 3: record kind 16 is not known. " +
      "It was stored so: open it with the version of Refold that wrote it.",
  ],
  "payload-missing": [
    { kind: "payload-missing", lsn: 9 as Lsn, lane: 2 as LaneId, seq: 7 as LaneSeq, first: 5 as Lsn },
    "Frame 9 passes on the payload of record 7 of lane 2, which the log does not hold: it begins with frame 5. " +
      "Bring back the segments from the archive, if they were put there.",
  ],
  "no-upcaster": [
    { kind: "no-upcaster", type: "order", from: 1, to: 3 },
    'Event type "order" has no upcaster from version 1, and its present version is 3. ' +
      "Give the type an upcaster from 1 to 2.",
  ],
  "written-by-later-version": [
    { kind: "written-by-later-version", type: "order", from: 4, to: 3 },
    'A payload of event type "order" is of version 4, and this code knows up to 3. ' +
      "Run the code that wrote it, or later code.",
  ],
  "upcaster-threw": [
    { kind: "upcaster-threw", type: "order", from: 1, cause: new TypeError("x is undefined") },
    'The upcaster of event type "order" from version 1 threw TypeError: x is undefined. ' +
      "Make it take every payload of that version.",
  ],
  "bad-type-name": [
    { kind: "bad-type-name", name: " " },
    'An event type has the name " ". Give it a name that is not blank.',
  ],
  "bad-type-version": [
    { kind: "bad-type-version", name: "order", version: 0 },
    'Event type "order" has version 0. Versions are whole numbers from 1.',
  ],
  "bad-upcaster": [
    { kind: "bad-upcaster", name: "order", from: 2, version: 2 },
    'Event type "order" has an upcaster from version 2, and its present version is 2. ' +
      "Upcasters lead from whole versions, from 1 on, that are below the present one.",
  ],
};

const REASONS: { readonly [R in UnstorableReason]: RegExp } = {
  function: /leave functions/,
  symbol: /Emit a text/,
  "class-instance": /Emit a plain object/,
  cycle: /Emit an id/,
  "too-deep": /Flatten it/,
  "too-large": /Split it/,
  "invalid-date": /Check dates/,
  "sparse-array": /Fill the hole/,
  "lone-surrogate-in-key": /well-formed text for the key/,
  promise: /effectful stage/,
  "not-allowed": /what the type of the field asks for/,
  unreadable: /copied out of the getter/,
};

describe("what is said of a fault", () => {
  for (const [kind, [fault, text]] of Object.entries(EXPLAINED)) {
    it(kind, () => {
      expect(explainFault(fault)).toBe(text);
    });
  }

  it("says what to do about each reason for which a value cannot be stored", () => {
    for (const [reason, remedy] of Object.entries(REASONS)) {
      const fault = { ...EXPLAINED.unstorable[0], reason: reason as UnstorableReason };
      expect(explainFault(fault)).toMatch(remedy);
    }
  });

  it("says what to do about each failure of storage that has a name", () => {
    const said = (code: string): string =>
      explainFault({ kind: "storage", operation: "open", path: "p", cause: Object.assign(new Error("no"), { code }) });
    expect(said("EDQUOT")).toMatch(/EDQUOT: no\. The disk is full/);
    for (const code of ["EROFS", "EACCES", "EPERM"]) expect(said(code)).toMatch(/can be written by this user/);
    for (const code of ["EMFILE", "ENFILE"]) expect(said(code)).toMatch(/Too many files are open/);
    expect(said("EIO")).toMatch(/EIO: no\. Put right what caused it/);
    expect(explainFault({ kind: "storage", operation: "open", path: "p", cause: "gone" })).toMatch(
      /open p: gone\. Put/,
    );
  });
});

it("tells what was thrown, whatever it is", () => {
  expect(thrownText(new RangeError("too far"))).toBe("RangeError: too far");
  expect(thrownText(new Error("no such file"))).toBe("no such file");
  expect(thrownText(new Error(""))).toBe("Error");
  expect(thrownText("a text")).toBe("a text");
  expect(thrownText(null)).toBe("null");
  expect(thrownText({ message: "x" })).toBe("something that is not an Error");
});

describe("docs/faults.md", () => {
  const text = readFileSync(new URL("../../../docs/faults.md", import.meta.url), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith("@refold/core")) ?? "";
  const [faults = "", reasons = ""] = section.split(/^### /m);
  const rows = (table: string): readonly string[] =>
    [...table.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] as string);

  it("has one row for each kind of fault of core, and none for another", () => {
    expect([...rows(faults)].sort()).toEqual(Object.keys(EXPLAINED).sort());
  });

  it("has one row for each reason for which a value cannot be stored", () => {
    expect([...rows(reasons)].sort()).toEqual(Object.keys(REASONS).sort());
  });
});
