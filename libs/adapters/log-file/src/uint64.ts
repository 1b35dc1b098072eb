const TWO_TO_32 = 4_294_967_296;

export function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_TO_32));
  view.setUint32(at + 4, value >>> 0);
}

/** Exact up to 2^53, which no field of the log reaches. */
export function readUint64(view: DataView, at: number): number {
  return view.getUint32(at) * TWO_TO_32 + view.getUint32(at + 4);
}
