import type { PotentiostatAccuracy, Reading } from '../../src/domain/instrument.ts';
import { standardErrors } from './measuring-error.ts';
import type { RodeostatPlan } from './rodeostat-plan.ts';
import type { RodeostatSample } from './rodeostat-session.ts';

/**
 * Firmware before 0.1.0 does not say that a current is beyond its range: it shows the end of the
 * range, a little less after its filter.
 */
const FULL_SHARE = 0.998;

/** A sample with its time, its errors and how far it can be trusted. */
export function readingOf(
  { voltageVolt, currentAmpere, isLimited }: RodeostatSample,
  { voltageRange, currentRange }: RodeostatPlan,
  context: { readonly accuracy: PotentiostatAccuracy; readonly timeSecond: number },
): Extract<Reading, { kind: 'electrical' }> {
  const { accuracy, timeSecond } = context;
  const currentRangeAmpere = currentRange.fullScale;
  const isFull = Math.abs(currentAmpere) >= FULL_SHARE * currentRangeAmpere;
  return {
    kind: 'electrical',
    timeSecond,
    // What the instrument sets: it does not measure it.
    voltageVolt,
    currentAmpere,
    quality: isLimited || isFull ? 'overload' : 'good',
    currentRangeAmpere,
    ...standardErrors(accuracy, {
      voltageVolt,
      currentAmpere,
      voltageRangeVolt: voltageRange.fullScale,
      currentRangeAmpere,
    }),
  };
}

/**
 * What makes no sense about a sample, in words; undefined when nothing does.
 * @param lastMs time of the sample before, 0 at the start
 */
export function sampleProblem(
  { timeMs, muxChannel }: RodeostatSample,
  { durationMs }: RodeostatPlan,
  lastMs: number,
): string | undefined {
  if (muxChannel !== undefined) {
    return `expected the next sample, found one of multiplexer channel ${muxChannel}`;
  }
  if (timeMs <= lastMs) {
    return `expected the next sample, found one at ${timeMs} ms after one at ${lastMs} ms`;
  }
  if (timeMs > durationMs) {
    return `expected the end of the test, found a sample at ${timeMs} ms in a test of ${durationMs} ms`;
  }
  return undefined;
}

/** What makes no sense about the end of a test, in words; undefined when nothing does. */
export function endProblem(
  { durationMs, samplePeriodMs }: RodeostatPlan,
  lastMs: number,
): string | undefined {
  if (lastMs > durationMs - samplePeriodMs) return undefined;
  return `it ended its test after ${lastMs} ms of ${durationMs} ms: somebody else has stopped it, or samples were lost`;
}
