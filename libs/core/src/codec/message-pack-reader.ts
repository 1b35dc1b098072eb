import { MAX_PAYLOAD_DEPTH } from "../limits.ts";
import { EXTENSION } from "./extension.ts";
import { utf8Decoder, type Utf8Decoder } from "./text-coding.ts";

const TWO_TO_32 = 4_294_967_296;
const SHORT_TEXT = 24;
/** A power of two. */
const KEY_CACHE_SLOTS = 512;

/** Thrown within the codec, and caught at its entry, when bytes are not what {@link MessagePackWriter} writes. */
export class Malformed {
  readonly detail: string;
  readonly at: number;

  constructor(detail: string, at: number) {
    this.detail = detail;
    this.at = at;
  }
}

/** Reads what {@link MessagePackWriter} writes, checks every length, and refuses everything else. */
export class MessagePackReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #end = 0;
  readonly #utf8: Utf8Decoder = utf8Decoder();
  readonly #keys: (string | undefined)[] = new Array<string | undefined>(KEY_CACHE_SLOTS);
  at = 0;

  open(bytes: Uint8Array): void {
    if (bytes.buffer !== this.#bytes.buffer) {
      this.#bytes = new Uint8Array(bytes.buffer);
      this.#view = new DataView(bytes.buffer);
    }
    this.at = bytes.byteOffset;
    this.#end = bytes.byteOffset + bytes.length;
  }

  get done(): boolean {
    return this.at === this.#end;
  }

  /** The length of the array that comes next. */
  arrayLength(): number {
    const tag = this.#byte();
    if ((tag & 0xf0) === 0x90) return tag & 0x0f;
    if (tag === 0xdc) return this.#uint16();
    if (tag === 0xdd) return this.#boundedLength(this.#uint32(), 1);
    throw this.malformed("an array was expected");
  }

  value(): unknown {
    return this.#value(0);
  }

  malformed(detail: string): Malformed {
    return new Malformed(detail, this.at);
  }

  #value(depth: number): unknown {
    const tag = this.#byte();
    if (tag < 0x80) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag >= 0xa0 && tag < 0xc0) return this.#text(tag & 0x1f);
    if (tag < 0x90) return this.#map(tag & 0x0f, depth);
    if (tag < 0xa0) return this.#array(tag & 0x0f, depth);
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#byte());
      case 0xc5:
        return this.#binary(this.#uint16());
      case 0xc6:
        return this.#binary(this.#uint32());
      case 0xc7:
        return this.#extension(this.#byte(), depth);
      case 0xc9:
        return this.#extension(this.#uint32(), depth);
      case 0xcb:
        return this.#view.getFloat64(this.#take(8));
      case 0xcc:
        return this.#byte();
      case 0xcd:
        return this.#uint16();
      case 0xce:
        return this.#uint32();
      case 0xcf:
        return this.#safe(this.#uint32() * TWO_TO_32 + this.#uint32());
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return this.#safe(this.#view.getInt32(this.#take(4)) * TWO_TO_32 + this.#uint32());
      case 0xd4:
        return this.#extension(1, depth);
      case 0xd9:
        return this.#text(this.#byte());
      case 0xda:
        return this.#text(this.#uint16());
      case 0xdb:
        return this.#text(this.#uint32());
      case 0xdc:
        return this.#array(this.#uint16(), depth);
      case 0xdd:
        return this.#array(this.#uint32(), depth);
      case 0xde:
        return this.#map(this.#uint16(), depth);
      case 0xdf:
        return this.#map(this.#uint32(), depth);
      default:
        throw this.malformed(`0x${tag.toString(16)} begins no value that is written here`);
    }
  }

  #array(length: number, depth: number): unknown[] {
    this.#boundedLength(length, 1);
    const inner = this.#descend(depth);
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.#value(inner));
    return items;
  }

  #map(length: number, depth: number): Record<string, unknown> {
    this.#boundedLength(length, 2);
    const inner = this.#descend(depth);
    const object: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.#key();
      const value = this.#value(inner);
      if (key === "__proto__") {
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      } else object[key] = value;
    }
    return object;
  }

  #key(): string {
    const tag = this.#byte();
    if (tag >= 0xa0 && tag < 0xc0) return this.#shortKey(tag & 0x1f);
    if (tag === 0xd9) return this.#text(this.#byte());
    if (tag === 0xda) return this.#text(this.#uint16());
    if (tag === 0xdb) return this.#text(this.#uint32());
    throw this.malformed("a key that is not text");
  }

  /** Keys repeat from event to event: a small cache by length and bytes spares making the same string again. */
  #shortKey(length: number): string {
    const start = this.#take(length);
    const bytes = this.#bytes;
    let hash = length;
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + (bytes[start + i] as number)) | 0;
    const slot = hash & (KEY_CACHE_SLOTS - 1);
    const cached = this.#keys[slot];
    if (cached?.length === length && sameAscii(cached, bytes, start)) return cached;
    const text = this.#decode(start, length);
    // Only where a character is a byte can bytes be compared with characters.
    if (text.length === length) this.#keys[slot] = text;
    return text;
  }

  #text(length: number): string {
    return this.#decode(this.#take(length), length);
  }

  #decode(start: number, length: number): string {
    const bytes = this.#bytes;
    if (length <= SHORT_TEXT) {
      let text = "";
      let i = 0;
      for (; i < length; i++) {
        const code = bytes[start + i] as number;
        if (code > 0x7f) break;
        text += String.fromCharCode(code);
      }
      if (i === length) return text;
    }
    try {
      return this.#utf8.decode(bytes.subarray(start, start + length));
    } catch {
      throw new Malformed("text that is not valid UTF-8", start);
    }
  }

  #binary(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.slice(start, start + length);
  }

  #extension(length: number, depth: number): unknown {
    const type = this.#view.getInt8(this.#take(1));
    if (this.#end - this.at < length) throw this.malformed("an extension that goes beyond its frame");
    switch (type) {
      case EXTENSION.undefined:
        if (length !== 1 || this.#byte() !== 0) throw this.malformed("an undefined with content");
        return undefined;
      case EXTENSION.date:
        return this.#date(length);
      case EXTENSION.bigint:
        return this.#bigint(length);
      case EXTENSION.map:
        return this.#javaScriptMap(length, depth);
      case EXTENSION.set:
        return this.#javaScriptSet(length, depth);
      case EXTENSION.utf16:
        return this.#utf16(length);
      default:
        throw this.malformed(`extension type ${type} is not known`);
    }
  }

  #date(length: number): Date {
    if (length !== 12) throw this.malformed("a timestamp that is not of 96 bits");
    const nanoseconds = this.#uint32();
    const seconds = this.#view.getInt32(this.#take(4)) * TWO_TO_32 + this.#uint32();
    const ms = nanoseconds / 1_000_000;
    const date = new Date(seconds * 1000 + ms);
    if (!Number.isInteger(ms) || ms >= 1000 || Number.isNaN(date.getTime())) {
      throw this.malformed("a timestamp that no Date holds");
    }
    return date;
  }

  #bigint(length: number): bigint {
    if (length < 2) throw this.malformed("a bigint without digits");
    const sign = this.#byte();
    if (sign > 1) throw this.malformed("a bigint whose sign is neither 0 nor 1");
    const end = this.at + length - 1;
    let hex = "0x";
    while ((end - this.at) % 4 !== 0) hex += this.#byte().toString(16).padStart(2, "0");
    while (this.at < end) hex += this.#uint32().toString(16).padStart(8, "0");
    const magnitude = BigInt(hex);
    return sign === 1 ? -magnitude : magnitude;
  }

  #javaScriptMap(length: number, depth: number): Map<unknown, unknown> {
    const entries = this.#entries(length, depth);
    if (entries.length % 2 !== 0) throw this.malformed("a map with a key that has no value");
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < entries.length; i += 2) map.set(entries[i], entries[i + 1]);
    if (map.size * 2 !== entries.length) throw this.malformed("a map with the same key twice");
    return map;
  }

  #javaScriptSet(length: number, depth: number): Set<unknown> {
    const members = this.#entries(length, depth);
    const set = new Set(members);
    if (set.size !== members.length) throw this.malformed("a set with the same member twice");
    return set;
  }

  #entries(length: number, depth: number): unknown[] {
    const end = this.at + length;
    const entries = this.#array(this.arrayLength(), depth);
    if (this.at !== end) throw this.malformed("an extension whose length is not that of its content");
    return entries;
  }

  #utf16(length: number): string {
    if (length % 2 !== 0) throw this.malformed("half a UTF-16 code unit");
    let text = "";
    for (let i = 0; i < length; i += 2) text += String.fromCharCode(this.#uint16());
    return text;
  }

  #safe(value: number): number {
    if (!Number.isSafeInteger(value)) throw this.malformed("an integer beyond 2^53");
    return value;
  }

  #descend(depth: number): number {
    if (depth >= MAX_PAYLOAD_DEPTH) throw this.malformed("values nested too deeply");
    return depth + 1;
  }

  #boundedLength(length: number, leastBytesPerItem: number): number {
    if (length * leastBytesPerItem > this.#end - this.at) throw this.malformed("a length that goes beyond its frame");
    return length;
  }

  #byte(): number {
    if (this.at >= this.#end) throw this.malformed("a value that is cut off");
    return this.#bytes[this.at++] as number;
  }

  #uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  #take(count: number): number {
    const start = this.at;
    if (this.#end - start < count) throw this.malformed("a value that is cut off");
    this.at = start + count;
    return start;
  }
}

function sameAscii(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
