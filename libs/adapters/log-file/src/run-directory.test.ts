import type { OpenFault, RunId } from "@refold/core";
import { sampleManifest, sampleRunId } from "@refold/testkit";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { fileStore } from "./file-store.ts";

let directory: string;
let location: string;
let manifest: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "refold-run-directory-"));
  await (await fileStore({ directory }).create(sampleManifest(1)))._unsafeUnwrap().close();
  location = join(directory, "orders", sampleRunId(1));
  manifest = join(location, "manifest.json");
});

afterEach(() => rmSync(directory, { recursive: true }));

/** The fault with which opening, resuming and listing tell of the run. */
async function faultOf(runId: RunId = sampleRunId(1)): Promise<OpenFault> {
  const store = fileStore({ directory });
  const fault = (await store.open(runId))._unsafeUnwrapErr();
  expect((await store.resume(runId))._unsafeUnwrapErr()).toEqual(fault);
  const listed = (await store.list())._unsafeUnwrap().find((run) => run.kind === "unreadable");
  expect(listed).toEqual({ kind: "unreadable", location: join(directory, "orders", runId), fault });
  return fault;
}

describe("a manifest", () => {
  it("is refused when it was cut off, at every byte", async () => {
    const text = readFileSync(manifest, "utf8");
    for (let length = 0; length < text.trimEnd().length; length++) {
      writeFileSync(manifest, text.slice(0, length));
      const fault = (await fileStore({ directory }).open(sampleRunId(1)))._unsafeUnwrapErr();
      expect(fault).toMatchObject({ kind: "manifest-malformed", location: manifest });
    }
    expect(await faultOf()).toMatchObject({ kind: "manifest-malformed" });
  });

  it("is refused when a field is wrong, with the field", async () => {
    const good = JSON.parse(readFileSync(manifest, "utf8")) as object;
    writeFileSync(manifest, JSON.stringify({ ...good, durability: "eventually" }));
    expect(await faultOf()).toMatchObject({
      kind: "manifest-malformed",
      detail: expect.stringContaining("durability") as string,
    });
  });

  it("is refused when it is of a later format, with both formats", async () => {
    const good = JSON.parse(readFileSync(manifest, "utf8")) as object;
    writeFileSync(manifest, JSON.stringify({ ...good, format: 2 }));
    expect(await faultOf()).toEqual({ kind: "later-format", location: manifest, format: 2, supported: 1 });
  });

  it("is refused in the directory of another run", async () => {
    writeFileSync(manifest, readFileSync(manifest, "utf8").replaceAll(sampleRunId(1), sampleRunId(2)));
    expect(await faultOf()).toMatchObject({ kind: "manifest-malformed", location: manifest });
  });
});

describe("what is not a run", () => {
  it("is told so: a directory without a manifest, and a file", async () => {
    mkdirSync(join(directory, "orders", sampleRunId(2)));
    expect(await faultOf(sampleRunId(2))).toMatchObject({ kind: "not-a-run", detail: "it has no manifest.json" });
    rmSync(join(directory, "orders", sampleRunId(2)), { recursive: true });
    writeFileSync(join(directory, "orders", sampleRunId(2)), "");
    expect(await faultOf(sampleRunId(2))).toMatchObject({ kind: "not-a-run", detail: "it is not a directory" });
  });

  it("is listed after the runs, and what other tools leave is not", async () => {
    writeFileSync(join(directory, "notes.txt"), "");
    writeFileSync(join(directory, ".DS_Store"), "");
    mkdirSync(join(directory, "empty"));
    mkdirSync(join(directory, "orders", "0-not-a-run"));
    const listed = (await fileStore({ directory }).list())._unsafeUnwrap();
    expect(listed.map((run) => [run.kind, run.location.slice(directory.length + 1)])).toEqual([
      ["run", join("orders", sampleRunId(1))],
      ["unreadable", "notes.txt"],
      ["unreadable", join("orders", "0-not-a-run")],
    ]);
  });

  it("is what a process that died while it made a run leaves behind, which does not stop others", async () => {
    mkdirSync(join(directory, "orders", sampleRunId(2)));
    expect((await fileStore({ directory }).create(sampleManifest(2)))._unsafeUnwrapErr().kind).toBe("run-exists");
    await (await fileStore({ directory }).create(sampleManifest(3)))._unsafeUnwrap().close();
  });

  it("is a file with the name of a flow, which is not taken for a run of the same id", async () => {
    const elsewhere = join(directory, "elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "orders"), "");
    const fault = (await fileStore({ directory: elsewhere }).create(sampleManifest(2)))._unsafeUnwrapErr();
    expect(fault).toMatchObject({ kind: "storage", cause: { code: "ENOTDIR" } });
  });

  it("is a store's directory that is a file", async () => {
    const store = fileStore({ directory: manifest });
    expect((await store.list())._unsafeUnwrapErr().kind).toBe("storage");
    expect((await store.create(sampleManifest(2)))._unsafeUnwrapErr().kind).toBe("storage");
    expect((await store.open(sampleRunId(1)))._unsafeUnwrapErr().kind).toBe("storage");
  });
});
