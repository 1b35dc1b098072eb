import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import type { AppendFault, ReadFault } from "@refold/core";
import type { BuildFault, FsmFault, InterpreterFault } from "@refold/fsm";
import type { CycleFault, JsonFault, MalformedValue, SemanticFault, StructuralFault } from "@refold/topology";

import type { FlowFault } from "./definition/flow-fault.ts";
import type { PolicyFault } from "./policy/policy-fault.ts";
import type { ReplayPartFault } from "./replay/replay-part.ts";
import type { ReplayFault } from "./replay/replay-report.ts";
import type { CompareFault } from "./recovery/compare-runs.ts";
import type { ForkPointFault } from "./recovery/fork-point.ts";
import type { ResumeFault } from "./recovery/resume-run.ts";
import type { StageFault } from "./stage/stage-fault.ts";
import type { ChannelFault } from "./supervision/channel.ts";
import type { HandleFault } from "./supervision/handle-fault.ts";

/** The kinds of a union: the type asks for every one there is. */
type Every<Kind extends string> = { readonly [K in Kind]: true };

const FLOW: Every<FlowFault["kind"]> = {
  topology: true,
  "event-type": true,
  "type-in-two-versions": true,
  "type-declared-twice": true,
  "not-a-function": true,
  "bad-option": true,
  "foreign-stream": true,
  "order-lost": true,
  "joined-with-itself": true,
  "join-waits-for-itself": true,
  "open-feedback": true,
  "bad-flush-policy": true,
  "builder-threw": true,
};

const POLICY: Every<PolicyFault["kind"]> = {
  "bad-policy-number": true,
  "policy-given-twice": true,
  "retry-not-repeatable": true,
  "breaker-never-opens": true,
};

const STAGE: Every<StageFault["code"]> = {
  "handler-threw": true,
  "payload-refused": true,
  "source-threw": true,
  "sink-threw": true,
  "join-missed": true,
  "receipt-refused": true,
  "commit-refused": true,
  "left-buffered": true,
  "edge-stalled": true,
  "contract-violated": true,
  "effect-diverged": true,
  "effect-in-doubt": true,
  unexpected: true,
};

const REPLAY: Every<Exclude<ReplayFault, AppendFault | ReadFault>["kind"]> = {
  "flow-differs": true,
  "malformed-record": true,
  "upcast-failed": true,
};

const PART: Every<Exclude<ReplayPartFault, ReadFault>["kind"]> = {
  "not-a-record": true,
  "no-such-frame": true,
  "no-such-stage": true,
  "no-such-record": true,
  "stage-not-computed": true,
  "nobody-takes": true,
};

const RESUME: Every<Exclude<ResumeFault, ReplayFault>["kind"]> = {
  "already-completed": true,
  "is-replay": true,
  "no-snapshots": true,
  "resume-diverged": true,
};

const COMPARE: Every<Exclude<CompareFault, ReplayFault>["kind"]> = { "other-flow": true };

const FORK: Every<Exclude<ForkPointFault, ReadFault | ResumeFault>["kind"]> = {
  "no-point": true,
  "beyond-record": true,
};

const CHANNEL: Every<ChannelFault["kind"]> = { "channel-closed": true, "channel-full": true };

const HANDLE: Every<HandleFault["kind"]> = {
  "not-running": true,
  "send-failed": true,
  panicked: true,
  "log-failed": true,
  "timed-out": true,
};

const BUILD: Every<BuildFault["kind"]> = {
  "duplicate-state": true,
  "duplicate-handler": true,
  "duplicate-wildcard": true,
  "duplicate-hook": true,
  "duplicate-timeout": true,
  "unknown-target": true,
  "unclear-target": true,
  "unknown-initial": true,
  "initial-stuck": true,
  "unreachable-state": true,
  "stuck-state": true,
  "final-not-final": true,
  "invalid-timeout": true,
  "timeout-unhandled": true,
};

const TRANSITION: Every<FsmFault["kind"]> = {
  "unhandled-event": true,
  "unknown-state": true,
  "handler-threw": true,
  "hook-threw": true,
  "undeclared-target": true,
};

const INTERPRETER: Every<Exclude<InterpreterFault["kind"], FsmFault["kind"]>> = {
  "action-threw": true,
  "watcher-threw": true,
  "queue-limit": true,
  stopped: true,
};

const STRUCTURAL: Every<StructuralFault["kind"]> = {
  "malformed-flow-name": true,
  "malformed-stage-name": true,
  "duplicate-stage": true,
  "unknown-stage": true,
  "duplicate-edge": true,
  "self-edge": true,
  "too-large": true,
};

const SEMANTIC: Every<SemanticFault["kind"]> = {
  "empty-flow": true,
  "no-source": true,
  "source-with-input": true,
  "terminal-with-output": true,
  "no-input": true,
  "join-with-one-input": true,
  "join-without-role": true,
  "role-outside-join": true,
  "unreachable-stage": true,
  "dead-end": true,
};

const CYCLES: Every<CycleFault["kind"]> = {
  "forward-cycle": true,
  "cycle-through": true,
  "cycle-entries": true,
  "fed-only-backward": true,
  "backward-without-cycle": true,
};

const READING: Every<(MalformedValue | JsonFault)["kind"]> = {
  "malformed-value": true,
  "unsupported-version": true,
  "fingerprint-mismatch": true,
};

describe("docs/faults.md has one row for each fault, and none for another", () => {
  const page = readFileSync(new URL("../../../docs/faults.md", import.meta.url), "utf8");
  const rowsOf = (title: string): readonly string[] => {
    const section = page.split(/^#{2,3} /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
    return [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] as string);
  };

  for (const [title, kinds] of [
    ["Why a flow cannot be built", FLOW],
    ["Why policies cannot be used", POLICY],
    ["Why a stage failed", STAGE],
    ["Why a replay was refused", REPLAY],
    ["Why a part of a run is not replayed", PART],
    ["Why a run is not gone on with", RESUME],
    ["Why two runs are not compared", COMPARE],
    ["Why a run is not forked at a point", FORK],
    ["Why an event was not taken", CHANNEL],
    ["Why a handle could not do what was asked", HANDLE],
    ["Why a machine cannot be built", BUILD],
    ["Why a transition did not happen", TRANSITION],
    ["What an interpreter adds", INTERPRETER],
    ["In the declarations", STRUCTURAL],
    ["In what the graph means", SEMANTIC],
    ["In its cycles", CYCLES],
    ["In what is read", READING],
  ] as const) {
    it(title, () => {
      expect([...rowsOf(title)].sort()).toEqual(Object.keys(kinds).sort());
    });
  }
});
