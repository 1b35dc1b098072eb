import { expect, it } from "vitest";
import { missingPlatforms } from "./missing-platforms.ts";

it("names the builds that are asked for and not there, with what their names say", () => {
  const packages = {
    "node_modules/nx": {
      version: "24.0.6",
      dev: true,
      optionalDependencies: {
        "@nx/nx-linux-x64-gnu": "24.0.6",
        "@nx/nx-linux-x64-musl": "24.0.6",
        "@nx/nx-odd": "24.0.6",
      },
    },
    "node_modules/@nx/nx-linux-x64-gnu": { version: "24.0.6" },
  };
  expect(missingPlatforms({ packages })).toEqual({
    "node_modules/@nx/nx-linux-x64-musl": {
      version: "24.0.6",
      dev: true,
      optional: true,
      os: ["linux"],
      cpu: ["x64"],
      libc: ["musl"],
    },
    "node_modules/@nx/nx-odd": { version: "24.0.6", dev: true, optional: true },
  });
});

it("adds nothing to a lockfile that is complete, nested packages included", () => {
  const packages = {
    "node_modules/a": { version: "1.0.0", optionalDependencies: { "a-linux-x64": "1.0.0" } },
    "node_modules/a/node_modules/a-linux-x64": { version: "1.0.0" },
  };
  expect(missingPlatforms({ packages })).toEqual({});
});

it("leaves a range alone, for which only npm can choose a version", () => {
  const packages = { "node_modules/a": { version: "1.0.0", optionalDependencies: { fsevents: "^2.3.3" } } };
  expect(missingPlatforms({ packages })).toEqual({});
});
