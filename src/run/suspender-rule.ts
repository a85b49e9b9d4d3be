import type { Suspender } from '../domain/recipe.ts';
import type { Sample } from '../domain/sample.ts';

/** What is known of the channel of one suspender. */
export type SuspenderState =
  | { readonly kind: 'clear' }
  | {
      readonly kind: 'outside';
      /** "is 3.9e6, below the floor of 4e6". */
      readonly why: string;
      /** Back within its margins since then; it must stay so for the settling time. */
      readonly insideSinceSecond: number | undefined;
    };

/** Before the first sample nobody knows whether anything can be measured. */
export const UNHEARD: SuspenderState = {
  kind: 'outside',
  why: 'has not been heard yet',
  insideSinceSecond: Number.NEGATIVE_INFINITY,
};

/** Rounding of time stamps must not cost one more sample. */
const SAME_SECOND = 1e-6;

/**
 * One more sample. A value that cannot be trusted is outside; what was outside is clear again
 * only when it has stayed within floor and ceiling, each drawn in by the margin, for the
 * settling time.
 */
export function suspenderAfter(
  suspender: Suspender,
  before: SuspenderState,
  { timeSecond, value, quality }: Pick<Sample, 'timeSecond' | 'value' | 'quality'>,
): SuspenderState {
  const why = whyOutside(suspender, value, quality);
  if (why !== undefined) return { kind: 'outside', why, insideSinceSecond: undefined };
  if (before.kind === 'clear') return before;
  // What was never outside needs no settling.
  if (before.insideSinceSecond === Number.NEGATIVE_INFINITY) return { kind: 'clear' };
  if (!isWithinMargin(suspender, value)) return { ...before, insideSinceSecond: undefined };
  const insideSinceSecond = before.insideSinceSecond ?? timeSecond;
  const isSettled = timeSecond - insideSinceSecond >= suspender.settle - SAME_SECOND;
  return isSettled ? { kind: 'clear' } : { ...before, insideSinceSecond };
}

function whyOutside(
  { floor, ceiling }: Suspender,
  value: number,
  quality: Sample['quality'],
): string | undefined {
  if (!Number.isFinite(value)) return 'is not a number';
  const text = Number(value.toPrecision(4));
  if (quality !== 'good') return `is ${text}, marked ${quality}`;
  if (floor !== undefined && value < floor) return `is ${text}, below the floor of ${floor}`;
  if (ceiling !== undefined && value > ceiling)
    return `is ${text}, above the ceiling of ${ceiling}`;
  return undefined;
}

function isWithinMargin({ floor, ceiling, margin }: Suspender, value: number): boolean {
  const isAbove = floor === undefined || value >= floor + margin;
  const isBelow = ceiling === undefined || value <= ceiling - margin;
  return isAbove && isBelow;
}
