import type { FramePlace } from "./frame-format.ts";

/** A place between two frames. */
export interface LogPlace extends FramePlace {
  readonly segment: number;
  readonly offset: number;
}

/** Whether what begins at this offset of a segment begins before the place. */
export function isBefore(segment: number, offset: number, place: LogPlace): boolean {
  return segment < place.segment || (segment === place.segment && offset < place.offset);
}
