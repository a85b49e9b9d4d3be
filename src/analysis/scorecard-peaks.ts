import { phaseShareName } from '../domain/absorption.ts';
import type { Estimate } from '../domain/cycling.ts';
import { energyJoulePer } from '../domain/detector-spectrum.ts';
import type { PeakSetting } from '../domain/peak.ts';
import type { Recover } from '../domain/scorecard.ts';
import { medianEstimate } from './cycling-line.ts';
import type { RunTrace, StepSpan } from './cycling-trace.ts';
import { spacingMetre } from './diffraction.ts';
import { passesOf } from './scorecard-steps.ts';
import { fitRequest } from './spectrum-derived.ts';

/** Figures that come from detector spectra, where those without a peak count for nothing, and from edges. */

type Of<K extends Recover['method']> = Extract<Recover, { readonly method: K }>;

/** Spacing of lattice planes, m. */
export function peakSpacing(
  { steps, peak }: Of<'peakSpacing'>,
  trace: RunTrace,
): Estimate | undefined {
  const { twoTheta } = peak;
  if (twoTheta === undefined) return undefined;
  const energies = passesOf(trace, steps).flatMap((span) => energiesIn(span, peak, trace));
  return estimateOf(
    energies.map(({ joule, errorJoule }) => {
      const value = spacingMetre(joule, twoTheta);
      return { value, error: value * (errorJoule / joule) };
    }),
  );
}

/** J: an insulator charges while it emits, and shifts the reference as much as the peak. */
export function bindingEnergy(
  { steps, peak, reference }: Of<'bindingEnergy'>,
  trace: RunTrace,
): Estimate | undefined {
  const values = passesOf(trace, steps).flatMap((span) => {
    const [known] = energiesIn(span, reference.peak, trace);
    if (!known) return [];
    return energiesIn(span, peak, trace).map(({ joule, errorJoule }) => ({
      value: joule - known.joule + reference.energy,
      error: Math.hypot(errorJoule, known.errorJoule),
    }));
  });
  return estimateOf(values);
}

/** As the run has worked it out from a set of scans over the energies of an edge. */
export function phaseShare(
  { steps, phase, scan }: Of<'phaseShare'>,
  trace: RunTrace,
): Estimate | undefined {
  const name = phaseShareName(phase);
  const found = passesOf(trace, steps).flatMap((span) =>
    trace.derived.filter(
      ({ timeSecond, value }) =>
        value.name === name && timeSecond > span.startSecond && timeSecond <= span.stopSecond,
    ),
  );
  const chosen = scan === 'last' ? found.at(-1) : found[scan - 1];
  if (!chosen) return undefined;
  const { value, standardError = null } = chosen.value;
  return { value, standardError, count: 1 };
}

/** Where a peak is in the spectra of its region that were begun during a step. */
function energiesIn(span: StepSpan, peak: PeakSetting, { detectorSpectra }: RunTrace) {
  const { region } = peak;
  return detectorSpectra.flatMap(({ spectrum, startSecond }) => {
    const isHere = startSecond >= span.startSecond && startSecond < span.stopSecond;
    if (!isHere || (region !== undefined && spectrum.region !== region)) return [];
    const found = fitRequest(spectrum, { ...peak, region: spectrum.region });
    const unit = energyJoulePer(spectrum.axisUnit);
    if (!found.determined || unit === undefined) return [];
    return [{ joule: found.position * unit, errorJoule: found.positionError * unit }];
  });
}

/** The median with the error of its scatter; of one value, with that of its fit. */
function estimateOf(
  values: readonly { readonly value: number; readonly error: number }[],
): Estimate | undefined {
  const [only, second] = values;
  if (only && !second) return { value: only.value, standardError: only.error, count: 1 };
  return medianEstimate(values.map(({ value }) => value));
}
