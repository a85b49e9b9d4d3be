import type { Estimate } from '../domain/cycling.ts';
import type { RunRecord } from '../domain/run-record.ts';
import type { Recover } from '../domain/scorecard.ts';
import type { MeasuredNumber } from '../domain/volume-results.ts';
import type { RunTrace } from './cycling-trace.ts';
import { passesOf } from './scorecard-steps.ts';

/** Figures that come from the volumes of scans. */

type Of<K extends Recover['method']> = Extract<Recover, { readonly method: K }>;
type Body<K extends RunRecord['body']['kind']> = Extract<RunRecord['body'], { readonly kind: K }>;

interface Chosen {
  readonly steps: string;
  readonly scan: number | 'last';
}

/** Largest share of voids at any depth. */
export function voidShare(recover: Of<'voidShare'>, trace: RunTrace): Estimate | undefined {
  const depths = chosen(trace.segmentations, recover, trace)?.result.depths ?? [];
  const [largest] = depths.toSorted((a, b) => b.fraction - a.fraction);
  return largest && estimate({ value: largest.fraction, standardError: largest.standardError });
}

/** m. */
export function protrusionLength(
  recover: Of<'protrusionLength'>,
  trace: RunTrace,
): Estimate | undefined {
  return estimate(chosen(trace.segmentations, recover, trace)?.result.protrusion);
}

/** Lithium that is seen over what the charge makes since the volume it is compared with. */
export function lithiumShare(recover: Of<'lithiumShare'>, trace: RunTrace): Estimate | undefined {
  return estimate(chosen(trace.volumeChanges, recover, trace)?.result.ratio);
}

/** m³, from the first volume of the steps to the last: both are compared with the same one. */
export function volumeGrowth({ steps }: Of<'volumeGrowth'>, trace: RunTrace): Estimate | undefined {
  const changes = within(trace.volumeChanges, steps, trace).map(({ result }) => result);
  const [first, last] = [changes[0], changes.at(-1)];
  if (!first?.lithium || !last?.lithium || first === last) return undefined;
  if (first.againstScanId !== last.againstScanId) return undefined;
  const errors = [first.lithium.standardError, last.lithium.standardError];
  return {
    value: last.lithium.value - first.lithium.value,
    standardError: errors.includes(null) ? null : Math.hypot(...errors.map(Number)),
    count: 2,
  };
}

/** By the number of the scan among all of the steps, whether or not its volume was looked into. */
function chosen<T extends Body<'segmentation'> | Body<'volumeChange'>>(
  results: readonly T[],
  { steps, scan }: Chosen,
  trace: RunTrace,
): T | undefined {
  if (scan === 'last') return within(results, steps, trace).at(-1);
  const wanted = within(trace.scans, steps, trace)[scan - 1];
  return results.find(({ scanId }) => scanId === wanted?.scanId);
}

function within<T extends { readonly startSecond: number }>(
  found: readonly T[],
  steps: string,
  trace: RunTrace,
): readonly T[] {
  const spans = passesOf(trace, steps);
  return found.filter(({ startSecond }) =>
    spans.some((span) => startSecond >= span.startSecond && startSecond <= span.stopSecond),
  );
}

function estimate(measured: MeasuredNumber | null | undefined): Estimate | undefined {
  return measured ? { ...measured, count: 1 } : undefined;
}
