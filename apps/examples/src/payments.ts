import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { RecordDecoder, type LogRecord, type Lsn, type RunReader } from "@refold/core";
import { replayRun, type ReplayReport } from "@refold/runtime";
import { fileStore, runtimeName, systemClock, VERSION } from "refold";

import { PaymentService, type ServiceFigures } from "./payment-service.ts";
import payments, { ORDERS } from "./payments.flow.ts";

/** The run is killed when the service has made so many charges, before it has answered the last. */
const KILLED_AFTER = 45;

/** Shows how payments come through an unreliable service, a kill in the middle, and a replay. */
const directory = await mkdtemp(join(tmpdir(), "refold-payments-"));
const service = new PaymentService();
const url = await service.open();
try {
  say(`${ORDERS} orders, a payment service that fails, and a process that is killed in the middle.\n`);
  const first = begin("start");
  let charges = 0;
  service.onCharge = (made) => {
    charges = made;
    if (made !== KILLED_AFTER) return "answer";
    first.kill("SIGKILL");
    return "be silent";
  };
  await once(first, "exit");
  service.onCharge = () => "answer";
  say(`1. run       killed by ${first.signalCode ?? "nobody"} after ${charges} charges, the last of them not answered`);
  const before = service.figures.requests;
  const second = begin("resume");
  await once(second, "exit");
  say(
    `2. resume    ${second.exitCode === 0 ? "completed" : "failed"}, with ${service.figures.requests - before} further requests`,
  );
  const reader = await recordedRun();
  const records = await recordsOf(reader);
  say(`3. service   ${serviceLine(service.figures)}`);
  say(`             ${chargedLine(service.figures)}`);
  say(`4. on record ${recordLine(records)}`);
  say(`5. policies  ${policyLine(records)}`);
  const asked = service.figures.requests;
  await service.close();
  const report = await replayed(reader);
  say(
    `6. replay    ${report.verdict}, with ${service.figures.requests - asked} requests, and the service switched off`,
  );
  const once_ = [...service.figures.charges.values()].every((times) => times === 1);
  process.exitCode = once_ && second.exitCode === 0 && report.verdict === "matched" ? 0 : 1;
} finally {
  await service.close().catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
}

/** The run in a process of its own. */
function begin(how: "start" | "resume"): ChildProcess {
  const program = fileURLToPath(new URL("./payments-run.ts", import.meta.url));
  return spawn(process.execPath, [...process.execArgv, program, how, directory], {
    env: { ...process.env, PAYMENTS_URL: url },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function recordedRun(): Promise<RunReader> {
  const store = fileStore({ directory });
  const [run] = (await store.list())._unsafeUnwrap();
  if (run?.kind !== "run") throw new Error(`there is no run in ${directory}`);
  return (await store.open(run.manifest.runId))._unsafeUnwrap();
}

async function recordsOf(reader: RunReader): Promise<readonly LogRecord[]> {
  const decoder = new RecordDecoder();
  const records: LogRecord[] = [];
  for await (const batch of reader.read(0 as Lsn)) {
    for (const { body } of batch._unsafeUnwrap()) records.push(...decoder.decode(body)._unsafeUnwrap());
  }
  return records;
}

async function replayed(recorded: RunReader): Promise<ReplayReport> {
  const definition = payments.build()._unsafeUnwrap();
  const host = { clock: systemClock, runtime: runtimeName(), refold: VERSION };
  return (await replayRun({ recorded, definition, host }))._unsafeUnwrap();
}

function serviceLine({ requests, answers }: ServiceFigures): string {
  const counts = Object.entries(answers).map(([answer, count]) => `${count} × ${answer}`);
  return `${requests} requests: ${counts.join(", ")}`;
}

function chargedLine({ charges }: ServiceFigures): string {
  const twice = [...charges.values()].filter((times) => times > 1).length;
  return `${charges.size} orders charged, ${twice === 0 ? "each exactly once" : `${twice} of them more than once`}`;
}

function recordLine(records: readonly LogRecord[]): string {
  const settled = records.filter((record) => record.kind === "effect-settled");
  const failed = settled.filter(({ outcome }) => outcome === "failed").length;
  return `${settled.length} calls, one for each order: ${settled.length - failed} charged, ${failed} put aside with their reason`;
}

function policyLine(records: readonly LogRecord[]): string {
  const counts = new Map<string, number>();
  for (const record of records) {
    if (record.kind !== "policy") continue;
    const decision = `${record.policy} ${record.decision}`;
    counts.set(decision, (counts.get(decision) ?? 0) + 1);
  }
  return [...counts].map(([decision, count]) => `${count} × ${decision}`).join(", ");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
