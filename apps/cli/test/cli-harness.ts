import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Clock, RunStore } from "@refold/core";
import { fileStore, systemClock } from "refold";

import type { CliIo, StopSignal } from "../src/cli-io.ts";
import { runCli } from "../src/cli.ts";
import type { Inspector } from "../src/inspector.ts";
import type { TextOutput } from "../src/text-output.ts";

export class MemoryOutput implements TextOutput {
  text = "";
  isTerminal = false;
  columns: number | undefined = undefined;
  closed = false;
  failure: string | undefined = undefined;
  /** Called after each write. */
  onWrite: (() => void) | undefined;

  write(text: string): undefined {
    if (!this.closed) this.text += text;
    this.onWrite?.();
  }

  async flush(): Promise<void> {
    // All that was written is in `text`.
  }
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line within the test's own process: a directory for its files, modules by path, outputs in memory. */
export class CliHarness implements Omit<CliIo, "stdout" | "stderr"> {
  readonly cwd: string;
  env: Readonly<Record<string, string | undefined>> = {};
  clock: Clock = systemClock;
  runtime = "test 1.0.0";
  version = "0.0.0";
  inspector: Inspector = {};
  openStore: (directory: string) => RunStore = (directory) => fileStore({ directory });
  stdout: MemoryOutput = new MemoryOutput();
  stderr: MemoryOutput = new MemoryOutput();
  /** With what code the command asked to end at once. */
  readonly exits: number[] = [];
  readonly #modules = new Map<string, () => unknown>();
  readonly #listeners = new Set<(signal: StopSignal) => void>();
  readonly #crashListeners = new Set<(cause: unknown) => void>();
  #prints: ((text: string, print: () => void) => void) | undefined;

  private constructor(cwd: string) {
    this.cwd = cwd;
  }

  static async open(): Promise<CliHarness> {
    return new CliHarness(await mkdtemp(join(tmpdir(), "refold-cli-")));
  }

  get host(): CliIo["host"] {
    return { clock: this.clock, runtime: this.runtime, refold: this.version };
  }

  /** Writes a file that, when it is imported, gives `exports`, or throws what `exports` throws. */
  async module(name: string, exports: () => unknown, text: string = name): Promise<string> {
    const path = join(this.cwd, name);
    await writeFile(path, text);
    this.#modules.set(path, exports);
    return path;
  }

  async refold(...argv: readonly string[]): Promise<Outcome> {
    this.stdout.text = "";
    this.stderr.text = "";
    const code = await runCli(argv, this);
    return { code, stdout: this.stdout.text, stderr: this.stderr.text };
  }

  async importModule(path: string): Promise<unknown> {
    const exports = this.#modules.get(path);
    if (exports === undefined) throw new Error(`no module was made at ${path}`);
    return exports();
  }

  async loadInspector(): Promise<Inspector> {
    return this.inspector;
  }

  onSignal(listener: (signal: StopSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  signal(signal: StopSignal): void {
    for (const listener of this.#listeners) listener(signal);
  }

  onCrash(listener: (cause: unknown) => void): () => void {
    this.#crashListeners.add(listener);
    return () => this.#crashListeners.delete(listener);
  }

  /** As an error in a callback that the flow's code has left behind. */
  crash(cause: unknown): void {
    for (const listener of this.#crashListeners) listener(cause);
  }

  exitNow(code: number): void {
    this.exits.push(code);
  }

  divertPrints(receive: (text: string, print: () => void) => void): () => void {
    const outer = this.#prints;
    // Diverted twice, a print goes the inner way first.
    this.#prints = outer === undefined ? receive : (text, print) => receive(text, () => outer(text, print));
    return () => {
      this.#prints = outer;
    };
  }

  /** What a flow of the test calls in place of `console.log`. */
  print(text: string): void {
    const print = (): void => void this.stdout.write(`${text}\n`);
    if (this.#prints === undefined) print();
    else this.#prints(`${text}\n`, print);
  }

  async close(): Promise<void> {
    await rm(this.cwd, { recursive: true, force: true });
  }
}
