// @ts-check
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const SHAPE_OF_MODULES = [
  {
    selector: "ExportAllDeclaration",
    message: "List what is exported: an entry file is a list that someone decided on.",
  },
  {
    selector: "TSEnumDeclaration",
    message: "Use a union of literals: an enum needs code where types are only stripped.",
  },
];

const NO_DEFAULT_EXPORT = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name. Only flow files and tool configuration have a default export.",
};

const NO_AMBIENT_DATE = {
  selector: ":matches(NewExpression[arguments.length=0], CallExpression)[callee.name='Date']",
  message: "The current time comes in through the Clock port.",
};

/** What the inner layers may not reach for, and where it comes from instead. */
const AMBIENT_GLOBALS = {
  "Time comes in through the Clock port.": [
    "performance",
    "setTimeout",
    "clearTimeout",
    "setInterval",
    "clearInterval",
    "setImmediate",
    "clearImmediate",
  ],
  "Chance comes in through the Random port.": ["crypto"],
  "Output goes through the Logger port.": ["console"],
  "The inner layers know no runtime.": ["process", "Buffer", "Deno", "Bun", "fetch", "globalThis", "window", "self"],
};

export default defineConfig(
  { ignores: ["**/dist/", "**/node_modules/", ".nx/", "runs/", "coverage/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.lint.json", tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-restricted-syntax": ["error", ...SHAPE_OF_MODULES, NO_DEFAULT_EXPORT],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      // A never check in the default branch stays allowed; it does not excuse a missing case.
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowNever: true }],
      // A method may be async because its port is, without an await of its own.
      "@typescript-eslint/require-await": "off",
      // The compiler refuses unused names already, and lets a leading underscore pass.
      "@typescript-eslint/no-unused-vars": "off",
    },
  },
  {
    files: ["libs/{core,fsm,topology,runtime}/src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...Object.entries(AMBIENT_GLOBALS).flatMap(([message, names]) => names.map((name) => ({ name, message }))),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: NO_AMBIENT_DATE.message },
        { object: "Math", property: "random", message: "Chance comes in through the Random port." },
      ],
      "no-restricted-syntax": ["error", ...SHAPE_OF_MODULES, NO_DEFAULT_EXPORT, NO_AMBIENT_DATE],
    },
  },
  {
    // A signal that one catch of the same package takes is no error, and needs no stack. Capturing one would cost the
    // codec more than decoding.
    files: ["libs/core/src/codec/*.ts", "libs/runtime/src/**/*.ts"],
    rules: { "@typescript-eslint/only-throw-error": "off" },
  },
  {
    files: ["**/*.flow.ts", "*.config.ts"],
    rules: { "no-restricted-syntax": ["error", ...SHAPE_OF_MODULES] },
  },
);
