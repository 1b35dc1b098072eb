const LOOK_EVERY_MS = 20;
const LOOKS = 10;

/** Resolves with a count that is above 0 once it has stood still for a while. */
export async function standingStill(count: () => number): Promise<number> {
  let last = -1;
  for (let still = 0; still < LOOKS;) {
    await pauseFor(LOOK_EVERY_MS);
    const now = count();
    still = now === last && now > 0 ? still + 1 : 0;
    last = now;
  }
  return last;
}

export function pauseFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
