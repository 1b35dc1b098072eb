import type { DecodeFault, EncodeFault } from "./codec/record-codec.ts";
import type { UnstorableReason } from "./codec/unstorable.ts";
import type { EventTypeFault, UpcastFault } from "./event-type.ts";
import type { PayloadFault } from "./kept-payloads.ts";
import type { AppendFault, CreateFault, OpenFault, ReadFault, StorageFault } from "./run-log.ts";
import { thrownText } from "./thrown-text.ts";

/** Every fault that core and its ports can answer with. `docs/faults.md` has a row for each kind. */
export type CoreFault =
  AppendFault | ReadFault | CreateFault | OpenFault | DecodeFault | PayloadFault | UpcastFault | EventTypeFault;

/** A fault for people: what happened, where, and what to do about it, in a sentence or two. */
export function explainFault(fault: CoreFault): string {
  switch (fault.kind) {
    case "unstorable":
    case "frame-too-large":
    case "too-many-records":
      return explainEncode(fault);
    case "log-closed":
      return "The run log is closed and takes no more frames. Resume the run to append to it.";
    case "storage":
      return explainStorage(fault);
    case "damaged":
      return (
        `The log is damaged in segment ${fault.segment} at offset ${fault.offset}, frame ${fault.lsn}: ${fault.detail}. ` +
        "Bring that segment back from a copy; the frames before it can be read."
      );
    case "not-retained":
      return (
        `Frames from ${fault.asked} on are no longer in the log: it begins with frame ${fault.first}. ` +
        `What is left can be shown and verified; for the whole run, bring back the segments from the archive, if they were put there.`
      );
    case "run-exists":
      return `There is a run ${fault.runId} already. Take another id, or resume that run.`;
    case "run-not-found":
      return `There is no run ${fault.runId} in ${fault.location}. List the runs there to see which there are.`;
    case "not-a-run":
      return `${fault.location} is not a run: ${fault.detail}. Point to a run, or move what is there out of the way.`;
    case "manifest-malformed":
      return (
        `The manifest in ${fault.location} cannot be used: ${fault.detail}. ` +
        "Bring it back from a copy; without it the run cannot be read."
      );
    case "later-format":
      return (
        `The run in ${fault.location} is of format ${fault.format}, and this version of Refold reads up to ` +
        `${fault.supported}. Open it with the version that wrote it, or with a later one.`
      );
    case "locked":
      return (
        `The run in ${fault.location} is held for writing by ${fault.holder}. ` +
        "Wait until that process has ended, or end it; reading is possible meanwhile."
      );
    case "malformed-body":
      return (
        `A frame's body cannot be read at its byte ${fault.at}: ${fault.detail}. ` +
        "It was stored so: open it with the version of Refold that wrote it."
      );
    case "payload-missing":
      return (
        `Frame ${fault.lsn} passes on the payload of record ${fault.seq} of lane ${fault.lane}, which the log does not hold` +
        (fault.first > 0
          ? `: it begins with frame ${fault.first}. Bring back the segments from the archive, if they were put there.`
          : ". The log was written by other software, or edited.")
      );
    case "no-upcaster":
    case "written-by-later-version":
    case "upcaster-threw":
    case "bad-type-name":
    case "bad-type-version":
    case "bad-upcaster":
      return explainType(fault);
  }
}

function explainEncode(fault: EncodeFault): string {
  switch (fault.kind) {
    case "unstorable":
      return `Record ${fault.record} of the frame cannot be stored: at ${fault.path} is ${fault.detail}. ${REMEDIES[fault.reason]}`;
    case "frame-too-large":
      return (
        `The records of one step take ${fault.bytes} bytes or more, and a frame holds ${fault.limitBytes}. ` +
        "Emit less for each input, or take inputs in smaller batches."
      );
    case "too-many-records":
      return (
        `One step made ${fault.records} records, and a frame holds ${fault.limit}. ` +
        "Emit less for each input, or take inputs in smaller batches."
      );
  }
}

const REMEDIES: { readonly [R in UnstorableReason]: string } = {
  function: "Emit data only: leave functions and methods out.",
  symbol: "Emit a text in its place.",
  "class-instance": "Emit a plain object with its fields in its place.",
  cycle: "Emit an id in place of the reference back.",
  "too-deep": "Flatten it, for example into a list of items with the ids of their parents.",
  "too-large": "Split it, or keep it elsewhere and emit where it is.",
  "invalid-date": "Check dates when they are parsed, before they are emitted.",
  "sparse-array": "Fill the hole, with undefined or null if need be.",
  "lone-surrogate-in-key": "Use a well-formed text for the key; values may hold any text.",
  promise: "Await it in an effectful stage, and emit what it resolves to.",
  "not-allowed": "Give what the type of the field asks for.",
  unreadable: "Emit plain values, copied out of the getter or proxy.",
};

function explainStorage(fault: StorageFault): string {
  return `The storage failed to ${fault.operation} ${fault.path}: ${thrownText(fault.cause)}. ${storageRemedy(fault.cause)}`;
}

function storageRemedy(cause: unknown): string {
  switch (codeOf(cause)) {
    case "ENOSPC":
    case "EDQUOT":
      return "The disk is full: make room, then resume the run.";
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return "Check that the place can be written by this user, then try again.";
    case "EMFILE":
    case "ENFILE":
      return "Too many files are open: raise the limit or open fewer runs at once, then try again.";
    default:
      return "Put right what caused it, then try again; what was safe before is still there.";
  }
}

function codeOf(cause: unknown): unknown {
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
}

function explainType(fault: UpcastFault | EventTypeFault): string {
  switch (fault.kind) {
    case "no-upcaster":
      return (
        `Event type ${quoted(fault.type)} has no upcaster from version ${fault.from}, and its present version is ${fault.to}. ` +
        `Give the type an upcaster from ${fault.from} to ${fault.from + 1}.`
      );
    case "written-by-later-version":
      return (
        `A payload of event type ${quoted(fault.type)} is of version ${fault.from}, and this code knows up to ${fault.to}. ` +
        "Run the code that wrote it, or later code."
      );
    case "upcaster-threw":
      return (
        `The upcaster of event type ${quoted(fault.type)} from version ${fault.from} threw ${thrownText(fault.cause)}. ` +
        "Make it take every payload of that version."
      );
    case "bad-type-name":
      return `An event type has the name ${quoted(fault.name)}. Give it a name that is not blank.`;
    case "bad-type-version":
      return `Event type ${quoted(fault.name)} has version ${fault.version}. Versions are whole numbers from 1.`;
    case "bad-upcaster":
      return (
        `Event type ${quoted(fault.name)} has an upcaster from version ${fault.from}, and its present version is ` +
        `${fault.version}. Upcasters lead from whole versions, from 1 on, that are below the present one.`
      );
  }
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
