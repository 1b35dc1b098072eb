import { MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH } from "../limits.ts";
import { EXTENSION } from "./extension.ts";
import { utf8Encoder, type Utf8Encoder } from "./text-coding.ts";
import { Unstorable } from "./unstorable.ts";

const SHORT_TEXT = 48;
const TWO_TO_32 = 4_294_967_296;

/**
 * Writes values as MessagePack, in place, into a buffer that it grows and that its owner reuses.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * Owners may place bytes of their own between values: `reserve`, write to `bytes` or `view`, move `at`.
 */
export class MessagePackWriter {
  bytes: Uint8Array;
  view: DataView;
  at = 0;
  readonly #utf8: Utf8Encoder = utf8Encoder();
  readonly #path: (string | number)[] = [];
  #limit = Number.POSITIVE_INFINITY;

  constructor(initialBytes: number) {
    this.bytes = new Uint8Array(initialBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` more bytes at `at`. `bytes` and `view` may be other objects afterwards. */
  reserve(count: number): void {
    const needed = this.at + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /**
   * Writes a payload: JSON's values, bigint, Uint8Array, Date, Map, Set, undefined, NaN and the infinities.
   * Of an object, its own enumerable properties with string keys are stored. Throws {@link Unstorable}.
   */
  payload(value: unknown): void {
    const outer = this.#limit;
    this.#limit = this.at + MAX_PAYLOAD_BYTES;
    try {
      this.#value(value, 0);
      if (this.at > this.#limit) this.#refuseSize(0);
    } catch (fault) {
      throw fault instanceof Unstorable && fault.reason === "too-deep" ? cycleOrDepth(value, fault) : fault;
    } finally {
      this.#limit = outer;
    }
  }

  array(length: number): void {
    this.reserve(5);
    if (length < 16) this.bytes[this.at++] = 0x90 | length;
    else if (length < 0x10000) this.#tag16(0xdc, length);
    else this.#tag32(0xdd, length);
  }

  nil(): void {
    this.reserve(1);
    this.bytes[this.at++] = 0xc0;
  }

  number(value: number): void {
    this.reserve(9);
    const bytes = this.bytes;
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      if (value >= 0) {
        if (value < 0x80) bytes[this.at++] = value;
        else if (value < 0x100) {
          bytes[this.at++] = 0xcc;
          bytes[this.at++] = value;
        } else if (value < 0x10000) this.#tag16(0xcd, value);
        else this.#tag32(0xce, value);
      } else if (value >= -0x20) bytes[this.at++] = value & 0xff;
      else if (value >= -0x80) {
        bytes[this.at++] = 0xd0;
        bytes[this.at++] = value & 0xff;
      } else if (value >= -0x8000) this.#tag16(0xd1, value & 0xffff);
      else this.#tag32(0xd2, value >>> 0);
      return;
    }
    if (Number.isSafeInteger(value) && value !== 0) {
      if (value > 0 && value < TWO_TO_32) this.#tag32(0xce, value);
      else {
        // Readers in other languages refuse a large integer that comes as a float, so it goes as a 64-bit integer.
        bytes[this.at++] = value > 0 ? 0xcf : 0xd3;
        this.#uint32(Math.floor(value / TWO_TO_32) >>> 0);
        this.#uint32(value >>> 0);
      }
      return;
    }
    bytes[this.at] = 0xcb;
    this.view.setFloat64(this.at + 1, value);
    this.at += 9;
  }

  text(value: string): void {
    const length = value.length;
    if (length <= SHORT_TEXT && this.#ascii(value, length)) return;
    this.#unicode(value, length);
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        this.text(value);
        return;
      case "number":
        this.number(value);
        return;
      case "boolean":
        this.reserve(1);
        this.bytes[this.at++] = value ? 0xc3 : 0xc2;
        return;
      case "object":
        if (value === null) this.nil();
        else this.#object(value, depth);
        return;
      case "undefined":
        this.reserve(3);
        this.bytes[this.at++] = 0xd4;
        this.bytes[this.at++] = EXTENSION.undefined;
        this.bytes[this.at++] = 0;
        return;
      case "bigint":
        this.#bigint(value);
        return;
      case "function":
        throw this.#refusal("function", "a function", depth);
      case "symbol":
        throw this.#refusal("symbol", "a symbol", depth);
    }
  }

  #object(value: object, depth: number): void {
    if (depth >= MAX_PAYLOAD_DEPTH) {
      throw this.#refusal("too-deep", `more than ${MAX_PAYLOAD_DEPTH} levels deep`, depth);
    }
    if (this.at > this.#limit) this.#refuseSize(depth);
    if (Array.isArray(value)) {
      this.#array(value, depth);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) this.#plain(value as Record<string, unknown>, depth);
    else this.#special(value, depth);
  }

  #plain(value: Record<string, unknown>, depth: number): void {
    const keys = Object.keys(value);
    const length = keys.length;
    this.reserve(5);
    if (length < 16) this.bytes[this.at++] = 0x80 | length;
    else if (length < 0x10000) this.#tag16(0xde, length);
    else this.#tag32(0xdf, length);
    for (let i = 0; i < length; i++) {
      const key = keys[i] as string;
      this.#path[depth] = key;
      if (key.length > SHORT_TEXT || !this.#ascii(key, key.length)) {
        if (!key.isWellFormed()) throw this.#refusal("lone-surrogate-in-key", "a key with a lone surrogate", depth + 1);
        this.#unicode(key, key.length);
      }
      this.#value(value[key], depth + 1);
    }
  }

  #array(value: readonly unknown[], depth: number): void {
    const length = value.length;
    this.array(length);
    for (let i = 0; i < length; i++) {
      this.#path[depth] = i;
      const item = value[i];
      if (item === undefined && !(i in value)) throw this.#refusal("sparse-array", "a hole in an array", depth + 1);
      this.#value(item, depth + 1);
    }
  }

  #special(value: object, depth: number): void {
    if (value instanceof Uint8Array) this.#binary(value, depth);
    else if (value instanceof Date) this.#date(value, depth);
    else if (value instanceof Map) this.#entries(EXTENSION.map, value.size * 2, value.entries(), depth);
    else if (value instanceof Set) this.#entries(EXTENSION.set, value.size, value.values(), depth);
    else if (typeof (value as { then?: unknown }).then === "function") {
      throw this.#refusal("promise", "a promise (await it in an effectful stage)", depth);
    } else throw this.#refusal("class-instance", `an instance of class ${className(value)}`, depth);
  }

  /** A map or set: an extension that holds one array, whose length in bytes is patched in afterwards. */
  #entries(type: number, length: number, entries: Iterable<unknown>, depth: number): void {
    this.reserve(6);
    const start = this.at;
    this.bytes[start] = 0xc9;
    this.bytes[start + 5] = type;
    this.at = start + 6;
    this.array(length);
    let index = 0;
    for (const entry of entries) {
      this.#path[depth] = index++;
      if (type === EXTENSION.map) {
        const [key, value] = entry as [unknown, unknown];
        this.#value(key, depth + 1);
        this.#value(value, depth + 1);
      } else this.#value(entry, depth + 1);
    }
    this.view.setUint32(start + 1, this.at - start - 6);
  }

  #binary(value: Uint8Array, depth: number): void {
    const length = value.length;
    if (this.at + length > this.#limit) this.#refuseSize(depth);
    this.reserve(5 + length);
    if (length < 0x100) {
      this.bytes[this.at++] = 0xc4;
      this.bytes[this.at++] = length;
    } else if (length < 0x10000) this.#tag16(0xc5, length);
    else this.#tag32(0xc6, length);
    this.bytes.set(value, this.at);
    this.at += length;
  }

  /** The 96-bit form of MessagePack's timestamp: nanoseconds, then seconds since 1970. */
  #date(value: Date, depth: number): void {
    const ms = value.getTime();
    if (Number.isNaN(ms)) throw this.#refusal("invalid-date", "an invalid Date", depth);
    const seconds = Math.floor(ms / 1000);
    this.#extensionHeader(EXTENSION.date, 12);
    this.#uint32((ms - seconds * 1000) * 1_000_000);
    this.#uint32(Math.floor(seconds / TWO_TO_32) >>> 0);
    this.#uint32(seconds >>> 0);
  }

  /** A sign byte (1 for negative), then the magnitude, big-endian, without leading zeros. */
  #bigint(value: bigint): void {
    const hex = (value < 0n ? -value : value).toString(16);
    const length = (hex.length + 1) >> 1;
    if (this.at + length > this.#limit) this.#refuseSize(0);
    const digits = hex.length & 1 ? `0${hex}` : hex;
    this.#extensionHeader(EXTENSION.bigint, length + 1);
    this.bytes[this.at++] = value < 0n ? 1 : 0;
    for (let i = 0; i < length; i++) this.bytes[this.at++] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  }

  #ascii(value: string, length: number): boolean {
    this.reserve(2 + length);
    const bytes = this.bytes;
    let at = this.at;
    if (length < 32) bytes[at++] = 0xa0 | length;
    else {
      bytes[at++] = 0xd9;
      bytes[at++] = length;
    }
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.at = at;
    return true;
  }

  #unicode(value: string, length: number): void {
    // Every UTF-16 code unit takes at least one byte, so this refuses before it allocates.
    if (this.at + length > this.#limit) this.#refuseSize(0);
    this.reserve(5 + length * 3);
    const header = length * 3 < 0x100 ? 2 : length * 3 < 0x10000 ? 3 : 5;
    const { written } = this.#utf8.encodeInto(value, this.bytes.subarray(this.at + header));
    if (written !== length && !value.isWellFormed()) {
      this.#utf16(value, length);
      return;
    }
    if (header === 2) {
      this.bytes[this.at++] = 0xd9;
      this.bytes[this.at++] = written;
    } else if (header === 3) this.#tag16(0xda, written);
    else this.#tag32(0xdb, written);
    this.at += written;
  }

  #utf16(value: string, length: number): void {
    this.#extensionHeader(EXTENSION.utf16, length * 2);
    for (let i = 0; i < length; i++) {
      this.view.setUint16(this.at, value.charCodeAt(i));
      this.at += 2;
    }
  }

  #extensionHeader(type: number, length: number): void {
    this.reserve(6 + length);
    if (length < 0x100) {
      this.bytes[this.at++] = 0xc7;
      this.bytes[this.at++] = length;
    } else this.#tag32(0xc9, length);
    this.bytes[this.at++] = type & 0xff;
  }

  #tag16(tag: number, value: number): void {
    const bytes = this.bytes;
    bytes[this.at++] = tag;
    bytes[this.at++] = value >>> 8;
    bytes[this.at++] = value & 0xff;
  }

  #tag32(tag: number, value: number): void {
    this.bytes[this.at++] = tag;
    this.#uint32(value);
  }

  #uint32(value: number): void {
    this.view.setUint32(this.at, value);
    this.at += 4;
  }

  #refuseSize(depth: number): never {
    throw this.#refusal("too-large", `larger than ${MAX_PAYLOAD_BYTES} bytes`, depth);
  }

  #refusal(reason: Unstorable["reason"], detail: string, depth: number): Unstorable {
    return new Unstorable(reason, detail, this.#path.slice(0, depth));
  }
}

/** A cycle is met as a value without end: it is told from mere depth by an object that is its own ancestor. */
function cycleOrDepth(root: unknown, fault: Unstorable): Unstorable {
  const ancestors: unknown[] = [];
  let value = root;
  for (const [index, step] of fault.path.entries()) {
    const met = ancestors.indexOf(value);
    if (met >= 0) return new Unstorable("cycle", "a cycle (an object that contains itself)", fault.path.slice(0, index));
    ancestors.push(value);
    if (value instanceof Map || value instanceof Set) value = [...value.values()][step as number];
    else value = (value as Record<string | number, unknown>)[step];
  }
  return fault;
}

function className(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "(anonymous)";
}
