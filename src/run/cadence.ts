/** A regular schedule within a step: first at its start, then after each `everySecond`. */
export interface Cadence {
  readonly startSecond: number;
  readonly everySecond: number;
}

/** Times closer than this are the same moment. */
const SAME_SECOND = 1e-6;

export function dueSecond({ startSecond, everySecond }: Cadence, index: number): number {
  return startSecond + index * everySecond;
}

export function isDue(cadence: Cadence, index: number, nowSecond: number): boolean {
  return dueSecond(cadence, index) <= nowSecond + SAME_SECOND;
}

/**
 * Which one comes after `index`. Those whose time has passed meanwhile are left out and
 * counted: taken late, they would only push all that follow.
 */
export function nextIndex(
  cadence: Cadence,
  index: number,
  nowSecond: number,
): { readonly index: number; readonly missed: number } {
  const elapsedSecond = nowSecond - SAME_SECOND - cadence.startSecond;
  const firstAhead = Math.ceil(elapsedSecond / cadence.everySecond);
  const next = Math.max(index + 1, firstAhead);
  return { index: next, missed: next - index - 1 };
}
