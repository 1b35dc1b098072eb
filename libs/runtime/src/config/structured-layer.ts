import { nearestName } from "@refold/topology";

import type { Configuration } from "./configuration.ts";
import type { ConfigurationFault } from "./configuration-fault.ts";
import { isConfigurationKey } from "./configuration-keys.ts";
import type { ConfigurationLayer, Setting } from "./configuration-layer.ts";
import { parseEdgeName } from "./edge-name.ts";
import type { Origin } from "./origin.ts";
import type { SettingPlace } from "./setting-place.ts";
import { shownValue } from "./shown-value.ts";

/** What a program sets itself. */
export function codeLayer(configuration: Configuration, where?: string): ConfigurationLayer {
  const reader = new StructureReader({ source: "code", ...(where === undefined ? {} : { where }) });
  return { source: "code", ...reader.read(configuration) };
}

/** A configuration file, as it was loaded. */
export interface LoadedConfiguration {
  readonly path: string;
  /** What the file holds: of the shape of `Configuration`, it is hoped. */
  readonly value: unknown;
  /** The line that sets a key, counted from 1, if exactly one does and it is known. */
  readonly lineOf?: (key: string) => number | undefined;
}

/** What a configuration file sets. */
export function fileLayer({ path, value, lineOf }: LoadedConfiguration): ConfigurationLayer {
  return { source: "file", ...new StructureReader({ source: "file", where: path }, lineOf).read(value) };
}

const FLOW_SECTIONS = ["flow", "stages", "edges"] as const;
const SECTIONS = ["global", ...FLOW_SECTIONS, "flows"] as const;

/** Keys have fewer parts than this; what is nested deeper is no setting. */
const MAX_KEY_PARTS = 8;

class StructureReader {
  readonly #origin: Origin;
  readonly #lineOf: (key: string) => number | undefined;
  readonly #settings: Setting[] = [];
  readonly #faults: ConfigurationFault[] = [];

  constructor(origin: Origin, lineOf: (key: string) => number | undefined = () => undefined) {
    this.#origin = origin;
    this.#lineOf = lineOf;
  }

  read(root: unknown): Pick<ConfigurationLayer, "settings" | "faults"> {
    for (const [section, content] of this.#sections(root, "the configuration", SECTIONS)) {
      if (section === "global") this.#keys(content, section, { place: { scope: "global" } });
      else if (section === "flows") this.#flows(content);
      else this.#flowSection(section, content, {});
    }
    return { settings: this.#settings, faults: this.#faults };
  }

  #flows(content: unknown): void {
    for (const [flow, sections] of this.#members(content, "flows")) {
      for (const [section, inner] of this.#sections(sections, `flows.${flow}`, FLOW_SECTIONS)) {
        this.#flowSection(section, inner, { flow });
      }
    }
  }

  #flowSection(section: (typeof FLOW_SECTIONS)[number], content: unknown, of: Pick<Setting, "flow">): void {
    switch (section) {
      case "flow":
        this.#keys(content, section, { ...of, place: { scope: "flow" } });
        return;
      case "stages":
        for (const [stage, keys] of this.#members(content, section)) {
          this.#keys(keys, `stages.${stage}`, { ...of, place: { scope: "stage", stage } });
        }
        return;
      case "edges":
        for (const [name, keys] of this.#members(content, section)) {
          const edge = parseEdgeName(name);
          if (edge === undefined) this.#faults.push({ kind: "malformed-edge", edge: name, origin: this.#origin });
          else this.#keys(keys, `edges."${name}"`, { ...of, place: { scope: "edge", edge } });
        }
    }
  }

  #keys(content: unknown, section: string, to: Pick<Setting, "flow"> & { readonly place: SettingPlace }): void {
    const descend = (keys: readonly (readonly [string, unknown])[], before: readonly string[]): void => {
      for (const [name, value] of keys) {
        const parts = [...before, name];
        const key = parts.join(".");
        if (isPlainObject(value) && !isConfigurationKey(key) && parts.length < MAX_KEY_PARTS) {
          descend(membersOf(value), parts);
        } else {
          const where = this.#whereOf(key);
          this.#settings.push({
            ...to,
            key,
            given: { form: "value", value },
            ...(where === undefined ? {} : { where }),
          });
        }
      }
    };
    descend(this.#members(content, section), []);
  }

  #whereOf(key: string): string | undefined {
    const { where } = this.#origin;
    const line = this.#lineOf(key);
    return where === undefined || line === undefined ? where : `${where}:${line}`;
  }

  #sections<S extends string>(
    content: unknown,
    title: string,
    allowed: readonly S[],
  ): readonly (readonly [S, unknown])[] {
    return this.#members(content, title).flatMap(([name, value]) => {
      const section = allowed.find((each) => each === name);
      if (section !== undefined) return [[section, value] as const];
      const nearest = nearestName(name, allowed);
      this.#faults.push({
        kind: "unknown-section",
        section: name,
        allowed,
        ...(nearest === undefined ? {} : { nearest }),
        origin: this.#origin,
      });
      return [];
    });
  }

  #members(content: unknown, section: string): readonly (readonly [string, unknown])[] {
    if (isPlainObject(content)) return membersOf(content);
    const found = shownValue(content);
    this.#faults.push({ kind: "malformed-section", section, found, origin: this.#origin });
    return [];
  }
}

/** What is undefined is not set. */
function membersOf(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value).filter(([, member]) => member !== undefined);
}

/** An object as literals and parsers make them, of whatever realm: not a list, a map, a date or another instance. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
