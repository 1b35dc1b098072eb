import { describe, expect, it } from "vitest";

import { MAX_LANES } from "./limits.ts";
import { isRunId, parseManifest } from "./parse-manifest.ts";

const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

const good = {
  format: 1,
  runId: ID,
  flow: "orders",
  createdAtMs: 1_700_000_000_000,
  durability: "durable",
  lanes: ["system", "orders", "report"],
  types: [{ name: "order", version: 2 }],
  topology: { stages: [] },
  fingerprint: "abc",
  rootRunId: ID,
  replayOf: ID,
  configuration: [{ key: "log.durability", scope: "flow", value: "durable", source: "file", where: "a.toml:3" }],
  source: { path: "orders.flow.ts", sha256: "def" },
};
const OPTIONAL = ["replayOf", "configuration", "source"];

function detailOf(manifest: unknown): string {
  const fault = parseManifest(JSON.stringify(manifest), "runs/x")._unsafeUnwrapErr();
  expect(fault).toMatchObject({ kind: "manifest-malformed", location: "runs/x" });
  return fault.kind === "manifest-malformed" ? fault.detail : "";
}

describe("a manifest", () => {
  it("is read as it was written, with and without the fields that may be missing", () => {
    expect(parseManifest(JSON.stringify(good), "")._unsafeUnwrap()).toEqual(good);
    const least = Object.fromEntries(Object.entries(good).filter(([field]) => !OPTIONAL.includes(field)));
    expect(parseManifest(JSON.stringify(least, undefined, 2), "")._unsafeUnwrap()).toEqual(least);
  });

  it("is refused when it is cut off, at every byte", () => {
    const text = JSON.stringify(good);
    for (let length = 0; length < text.length; length++) {
      const fault = parseManifest(text.slice(0, length), "runs/x")._unsafeUnwrapErr();
      expect(fault).toEqual({
        kind: "manifest-malformed",
        location: "runs/x",
        detail: length === 0 ? "it is empty" : "it is not JSON, or it is cut off",
      });
    }
  });

  for (const field of Object.keys(good).filter((name) => !OPTIONAL.includes(name))) {
    it(`is refused without \`${field}\``, () => {
      expect(detailOf({ ...good, [field]: undefined })).toBe(`\`${field}\` is missing`);
    });
  }

  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    format: [null, "1", 1.5, true, 0, -1],
    runId: [1, "", "latest", ID.toUpperCase(), `${ID}\n`, `../${ID}`],
    flow: [1, "", null],
    createdAtMs: ["now", null, 1e300],
    durability: ["fast", "", 1, null],
    lanes: [[], ["orders"], ["system", ""], ["system", 1], ["system", "a", "a"], ["system", "system"], "system", {}],
    types: [
      {},
      [1],
      [{ name: "order" }],
      [{ name: "", version: 1 }],
      [{ name: "a", version: 0 }],
      [{ name: "a", version: 1.5 }],
    ],
    topology: [null, [], "graph"],
    fingerprint: [1, null],
    rootRunId: [1, "root"],
    replayOf: [1, null, "x"],
    configuration: [null, {}, "log.durability=strict", [1], [null], [[]], [{}, "x"]],
    source: [null, "path", { path: "a" }, { sha256: "b" }, []],
  };
  for (const [field, values] of Object.entries(wrong)) {
    it(`is refused with a wrong \`${field}\``, () => {
      for (const value of values) {
        expect(detailOf({ ...good, [field]: value }), JSON.stringify(value)).toMatch(
          new RegExp(`^\`${field}\` is not `),
        );
      }
    });
  }

  it("is refused with more lanes than a run may have", () => {
    const lanes = ["system", ...Array.from({ length: MAX_LANES }, (_, index) => `stage-${index}`)];
    expect(detailOf({ ...good, lanes })).toMatch(/at most 65535 lane names/);
    expect(parseManifest(JSON.stringify({ ...good, lanes: lanes.slice(0, -1) }), "").isOk()).toBe(true);
  });

  it("is refused when it is no object", () => {
    for (const text of ["null", "1", "[]", '"manifest"']) {
      expect(parseManifest(text, "")._unsafeUnwrapErr()).toMatchObject({ detail: "it is not an object" });
    }
    expect(parseManifest(" \n", "")._unsafeUnwrapErr()).toMatchObject({ detail: "it is empty" });
  });

  it("of a later format is refused as such, whatever else it holds", () => {
    expect(parseManifest('{"format":2,"novel":true}', "runs/x")._unsafeUnwrapErr()).toEqual({
      kind: "later-format",
      location: "runs/x",
      format: 2,
      supported: 1,
    });
  });

  it("changes no prototype by a __proto__ within it", () => {
    const text = JSON.stringify(good).replace("{", '{"__proto__":{"flow":"evil"},');
    const manifest = parseManifest(text, "")._unsafeUnwrap();
    expect(Object.getPrototypeOf(manifest)).toBe(Object.prototype);
    expect(manifest.flow).toBe("orders");
  });
});

it("a run id is a uuid in lower case, and nothing more", () => {
  expect(isRunId(ID)).toBe(true);
  for (const text of ["", ID.slice(1), `${ID}0`, ID.replace("a", "g"), ID.replaceAll("-", "")])
    expect(isRunId(text)).toBe(false);
});
