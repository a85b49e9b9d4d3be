/** Shortest and longest wait before the next attempt to connect. */
export const BACK_OFF_SECOND_MIN = 1;
export const BACK_OFF_SECOND_MAX = 60;

/**
 * Back-off with full jitter: after `failures` attempts in a row, a wait spread evenly between
 * the shortest and a limit that doubles each time, so that a whole laboratory does not knock on a
 * restarted broker at the same moment.
 * @param random in [0, 1)
 */
export function backOffSecond(failures: number, random: number): number {
  const limit = Math.min(BACK_OFF_SECOND_MAX, BACK_OFF_SECOND_MIN * 2 ** Math.min(failures, 16));
  return BACK_OFF_SECOND_MIN + random * (limit - BACK_OFF_SECOND_MIN);
}

/** Even numbers in [0, 1) that follow from the seed alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed that differs from node to node and is the same at each start (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}
