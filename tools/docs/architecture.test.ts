import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { filesBelow } from "../workspace/files.ts";
import { REPOSITORY_ROOT, workspacePackages } from "../workspace/packages.ts";

const read = (path: string): string => readFileSync(path, "utf8");
const architecture = read(join(REPOSITORY_ROOT, "docs/architecture.md"));
const documents = [
  join(REPOSITORY_ROOT, "README.md"),
  ...filesBelow(join(REPOSITORY_ROOT, "docs")).filter((path) => path.endsWith(".md")),
];

it("every source file that the documents name exists", () => {
  const missing = documents.flatMap((document) =>
    [...read(document).matchAll(/`((?:libs|apps|tools)\/[\w./-]+\.\w+)`/g)].filter(
      ([, path = ""]) => !existsSync(join(REPOSITORY_ROOT, path)),
    ),
  );
  expect(missing.map(([, path]) => path)).toEqual([]);
  expect(architecture).toMatch(/`libs\/[\w./-]+\.ts`/);
});

it("every relative link of the documents leads to a file", () => {
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
      .map(([, target = ""]) => join(dirname(document), target))
      .filter((target) => !existsSync(target)),
  );
  expect(broken).toEqual([]);
});

it("every limit in the tables has the value that the file beside it gives to its name", () => {
  const rows = [...architecture.matchAll(/^\| (`\w+`(?:, `\w+`)*) +\| ([^|]+) \|.*`(libs\/[\w./-]+\.ts)` +\|$/gm)];
  expect(rows.length).toBeGreaterThan(30);
  for (const [, names = "", value = "", path = ""] of rows) {
    const source = read(join(REPOSITORY_ROOT, path));
    const said = [...value.matchAll(/(\d+(?:,\d{3})*)(?: ([KM])iB)?/g)].map(
      ([, digits = "", unit]) => Number(digits.replaceAll(",", "")) * { K: 1024, M: 1024 ** 2, "": 1 }[unit ?? ""]!,
    );
    for (const [index, [, name = ""]] of [...names.matchAll(/`(\w+)`/g)].entries()) {
      expect(new RegExp(`\\b${name}\\b`).test(source), `${name} in ${path}`).toBe(true);
      const factors = new RegExp(`\\bconst ${name}(?:: number)? = ([\\d_ *]+);`).exec(source)?.[1];
      if (factors === undefined) continue;
      expect(said[index], name).toBe(
        factors.split("*").reduce((all, each) => all * Number(each.replaceAll("_", "")), 1),
      );
    }
  }
});

it("the picture of the layers is what the manifests declare: nothing else, and all of it", () => {
  const picture = /^flowchart[^]*?^```/m.exec(architecture)?.[0] ?? "";
  const names = new Map([...picture.matchAll(/(\w+)\["([^"]+)"\]/g)].map(([, id = "", name = ""]) => [id, name]));
  const arrows = [...picture.matchAll(/^ {2}(\w+)(?:\[".*?"\])? --> (\w+)/gm)].map(([, from = "", to = ""]) => ({
    from: names.get(from) ?? from,
    to: names.get(to) ?? to,
  }));
  const packages = workspacePackages(REPOSITORY_ROOT);
  const ours = new Set(packages.map(({ manifest }) => manifest.name));
  const declared = new Map(
    packages.map(({ manifest }) => [
      manifest.name,
      Object.keys(manifest.dependencies ?? {}).filter((name) => ours.has(name)),
    ]),
  );
  const reached = (from: string): ReadonlySet<string> =>
    new Set(arrows.filter((arrow) => arrow.from === from).flatMap(({ to }) => [to, ...reached(to)]));

  expect(arrows.filter(({ from, to }) => !declared.get(from)?.includes(to))).toEqual([]);
  expect([...names.values()].sort()).toEqual([...ours].sort());
  for (const [from, needed] of declared) expect([...reached(from)], from).toEqual(expect.arrayContaining(needed));
});
