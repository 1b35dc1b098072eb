/** The MessagePack extension types that stand for values JSON lacks. -1 is MessagePack's own timestamp. */
export const EXTENSION = {
  date: -1,
  undefined: 0,
  bigint: 1,
  map: 2,
  set: 3,
  /** A string with lone surrogates, which UTF-8 cannot hold: its UTF-16 code units, big-endian. */
  utf16: 4,
} as const;
