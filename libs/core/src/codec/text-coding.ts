// The encoding globals that every JavaScript runtime and browser has, declared here because the inner layers compile
// without any runtime's types.

interface Encoder {
  encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number };
}

interface Decoder {
  decode(bytes: Uint8Array): string;
}

declare const TextEncoder: new () => Encoder;
declare const TextDecoder: new (label: "utf-8", options: { readonly fatal: true; readonly ignoreBOM: true }) => Decoder;

export function utf8Encoder(): Encoder {
  return new TextEncoder();
}

/** A decoder that throws on invalid UTF-8 and keeps a byte order mark, so that no text is changed silently. */
export function utf8Decoder(): Decoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

export type { Encoder as Utf8Encoder, Decoder as Utf8Decoder };
