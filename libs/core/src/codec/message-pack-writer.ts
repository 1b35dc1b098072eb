import { MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH } from "../limits.ts";
import { EXTENSION } from "./extension.ts";
import { payloadPlace, type Step } from "./payload-path.ts";
import { instanceText, Refusal, TOO_LARGE, unstorable } from "./refusal.ts";
import { utf8Encoder, type Utf8Encoder } from "./text-coding.ts";

const SHORT_TEXT = 48;
const TWO_TO_32 = 4_294_967_296;
/** A small integer, so that comparing with it stays one instruction. No buffer is larger. */
const NO_LIMIT = 0x7fff_ffff;
/**
 * Looked up once. `text.charCodeAt` is looked up by how V8 holds the text: flat, joined, cut, interned, or as a reference to an
 * interned one. That is one way more than an inline cache has room for, and a flow that meets all of them would pay a search
 * for every character: a third of its time.
 */
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is only ever called with a text as `this`
const { charCodeAt } = String.prototype;

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
  /** The steps to the value being written are the first `#depth` of these. */
  readonly #steps: Step[] = [];
  #depth = 0;
  #limit = NO_LIMIT;

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
   * Writes a payload: JSON's values, bigint, Uint8Array, Date, Map, Set, undefined, NaN and the infinities. What is read
   * back is equal to it, also in the order of keys, except that:
   * - an object without a prototype becomes a plain object, and a getter its value;
   * - symbol keys, non-enumerable properties and properties on arrays, dates, maps, sets and bytes are left out, as in a
   *   structured clone;
   * - an object met twice becomes two objects.
   *
   * Everything else throws `Unstorable`: a subclass, such as a `Buffer`, is an instance of a class, and so is a value of
   * another realm. A stage that emits must not find in the log another thing than its readers found in its output.
   * What was written before a refusal is left behind; see `encodeRecords`, which takes it back. `field` only names the
   * payload in the fault's path.
   */
  payload(value: unknown, field?: string, limitBytes: number = MAX_PAYLOAD_BYTES): void {
    this.#depth = 0;
    this.#limit = this.at + limitBytes;
    try {
      this.#value(value, 0);
      if (this.at > this.#limit) throw TOO_LARGE;
    } catch (cause) {
      const thrown = cause === TOO_LARGE ? new Refusal("too-large", `larger than ${limitBytes} bytes`) : cause;
      const steps = this.#steps.slice(0, this.#depth);
      const place = payloadPlace(value, field === undefined ? "$" : `$.${field}`, steps);
      throw unstorable(thrown, place.path, place.cycle);
    } finally {
      this.#depth = 0;
      this.#limit = NO_LIMIT;
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
        throw new Refusal("function", "a function");
      case "symbol":
        throw new Refusal("symbol", "a symbol");
    }
  }

  #object(value: object, depth: number): void {
    if (depth >= MAX_PAYLOAD_DEPTH) throw new Refusal("too-deep", `more than ${MAX_PAYLOAD_DEPTH} levels deep`);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) this.#plain(value as Record<string, unknown>, depth);
    else if (prototype === Array.prototype && Array.isArray(value)) this.#array(value, depth);
    else this.#special(value, prototype, depth);
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
      this.#enter(depth, key);
      if (key.length > SHORT_TEXT || !this.#ascii(key, key.length)) {
        if (!key.isWellFormed()) throw new Refusal("lone-surrogate-in-key", "a key with a lone surrogate");
        this.#unicode(key, key.length);
      }
      this.#value(value[key], depth + 1);
    }
  }

  #array(value: readonly unknown[], depth: number): void {
    const length = value.length;
    // The one array with properties that is common: its groups would be lost.
    if (Object.hasOwn(value, "groups")) throw new Refusal("class-instance", "a match of a regular expression");
    this.array(length);
    for (let i = 0; i < length; i++) {
      this.#enter(depth, i);
      const item = value[i];
      if (item === undefined && !(i in value)) throw new Refusal("sparse-array", "a hole in an array");
      this.#value(item, depth + 1);
    }
  }

  #special(value: object, prototype: unknown, depth: number): void {
    if (prototype === Map.prototype) this.#map(value as Map<unknown, unknown>, depth);
    else if (prototype === Set.prototype) this.#set(value as Set<unknown>, depth);
    else if (prototype === Date.prototype) this.#date(value as Date);
    else if (prototype === Uint8Array.prototype && ArrayBuffer.isView(value)) this.#binary(value as Uint8Array);
    else if (typeof (value as { then?: unknown }).then === "function") {
      // Nobody else will hear of its rejection, which is no reason to end the process.
      if (value instanceof Promise) void value.catch(() => undefined);
      throw new Refusal("promise", "a promise");
    } else throw new Refusal("class-instance", instanceText(value));
  }

  #map(value: ReadonlyMap<unknown, unknown>, depth: number): void {
    const start = this.#beginEntries(EXTENSION.map, value.size * 2);
    let step = 0;
    for (const [key, held] of value) {
      this.#enter(depth, step++);
      this.#value(key, depth + 1);
      this.#enter(depth, step++);
      this.#value(held, depth + 1);
    }
    this.#endEntries(start);
  }

  #set(value: ReadonlySet<unknown>, depth: number): void {
    const start = this.#beginEntries(EXTENSION.set, value.size);
    let step = 0;
    for (const member of value) {
      this.#enter(depth, step++);
      this.#value(member, depth + 1);
    }
    this.#endEntries(start);
  }

  /** A map or set: an extension that holds one array, whose length in bytes is patched in afterwards. */
  #beginEntries(type: number, length: number): number {
    this.reserve(6);
    const start = this.at;
    this.bytes[start] = 0xc9;
    this.bytes[start + 5] = type;
    this.at = start + 6;
    this.array(length);
    return start;
  }

  #endEntries(start: number): void {
    this.view.setUint32(start + 1, this.at - start - 6);
  }

  /** Goes on to the next item of the value at `depth`, unless those before it took more room than there is. */
  #enter(depth: number, step: Step): void {
    if (this.at > this.#limit) throw TOO_LARGE;
    this.#steps[depth] = step;
    this.#depth = depth + 1;
  }

  #binary(value: Uint8Array): void {
    const length = value.length;
    if (this.at + length > this.#limit) throw TOO_LARGE;
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
  #date(value: Date): void {
    const ms = value.getTime();
    if (Number.isNaN(ms)) throw new Refusal("invalid-date", "an invalid Date");
    const seconds = Math.floor(ms / 1000);
    this.#extensionHeader(EXTENSION.date, 12);
    this.#uint32((ms - seconds * 1000) * 1_000_000);
    this.#uint32(Math.floor(seconds / TWO_TO_32) >>> 0);
    this.#uint32(seconds >>> 0);
  }

  /** A sign byte (1 for negative), then the magnitude, big-endian, without leading zeros. */
  #bigint(value: bigint): void {
    // This refuses before the digits of a huge number are made.
    if (BigInt.asIntN(MAX_PAYLOAD_BYTES * 8, value) !== value) throw TOO_LARGE;
    const hex = (value < 0n ? -value : value).toString(16);
    const length = (hex.length + 1) >> 1;
    this.#extensionHeader(EXTENSION.bigint, length + 1);
    this.bytes[this.at++] = value < 0n ? 1 : 0;
    // The first byte holds one digit where their number is odd.
    let digit = -(hex.length & 1);
    for (let i = 0; i < length; i++, digit += 2) {
      const high = digit < 0 ? 0 : hexDigit(hex.charCodeAt(digit));
      this.bytes[this.at++] = (high << 4) | hexDigit(hex.charCodeAt(digit + 1));
    }
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
      const code = charCodeAt.call(value, i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.at = at;
    return true;
  }

  #unicode(value: string, length: number): void {
    // Every UTF-16 code unit takes at least one byte, so this refuses before it allocates.
    if (this.at + length > this.#limit) throw TOO_LARGE;
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
}

/** The value of a character of `0` to `9` and `a` to `f`. */
function hexDigit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
