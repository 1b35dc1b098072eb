import { readdir } from "node:fs/promises";

/** `00000001.seg`, and so on. */
export function segmentName(number: number): string {
  return `${String(number).padStart(8, "0")}.seg`;
}

/** The numbers of the segments in a run's directory, in order. */
export async function listSegments(directory: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(directory)) {
    const digits = /^(\d{8,15})\.seg$/.exec(name)?.[1];
    const number = Number(digits);
    // Segments are counted from 1, and each has one name.
    if (number > 0 && segmentName(number) === name) numbers.push(number);
  }
  return numbers.sort((a, b) => a - b);
}
