import type { BusEvents } from '../domain/bus.ts';
import type { DerivedValue } from '../domain/derived-quantity.ts';
import { type DetectorSpectrum, energyJoulePer } from '../domain/detector-spectrum.ts';
import { type PeakRequest, peakQuantityName } from '../domain/peak.ts';
import { spacingMetre } from './diffraction.ts';
import { type FittedPeak, fitPeak, type NoPeak } from './peak-fit.ts';
import type { PeakShape } from './peak-model.ts';

/** Turns a detector spectrum into the quantities of the peaks that a recipe asks for. */

/** The peaks of one spectrum: what a step may end on, and why a peak gives nothing. */
export interface SpectrumPeaks {
  readonly values: readonly DerivedValue[];
  /** Names of the position, which stands for the peak, of peaks that were fitted. */
  readonly fitted: readonly string[];
  readonly notDetermined: readonly { readonly name: string; readonly reason: string }[];
}

/** Positions and widths in J, spacings in m, areas in counts per second of live time. */
export function peaksOfSpectrum({
  spectrumId,
  spectrum,
  peaks,
}: Pick<BusEvents['detectorSpectrum'], 'spectrumId' | 'spectrum' | 'peaks'>): SpectrumPeaks {
  const values: DerivedValue[] = [];
  const fitted: string[] = [];
  const notDetermined: { name: string; reason: string }[] = [];
  for (const peak of peaks) {
    const name = peakQuantityName('position', peak.name);
    const found = fitRequest(spectrum, peak);
    if (found.determined) {
      fitted.push(name);
      values.push(...quantitiesOf(found, peak, { spectrum, source: spectrumId }));
    } else {
      notDetermined.push({ name, reason: found.reason });
      const area = areaOf(found.area, peak, { spectrum, source: spectrumId });
      if (area) values.push(area);
    }
  }
  return { values, fitted, notDetermined };
}

/** Fits a peak in the window that is asked for, in the unit of the spectrum's axis. */
export function fitRequest(spectrum: DetectorSpectrum, peak: PeakRequest): FittedPeak | NoPeak {
  const unit = energyJoulePer(spectrum.axisUnit);
  if (unit === undefined) {
    const reason = `the axis is in ${spectrum.axisUnit}: expected eV or keV`;
    return { determined: false, reason };
  }
  const { shape, background, width, partner, beside } = peak;
  const asked: PeakShape = {
    shape,
    background,
    width: width === undefined ? undefined : width / unit,
    partner: partner && { split: partner.split / unit, ratio: partner.ratio },
    beside: beside.map((place) => place / unit),
  };
  return fitPeak(spectrum, { from: peak.from / unit, to: peak.to / unit }, asked);
}

interface Origin {
  readonly spectrum: DetectorSpectrum;
  readonly source: string;
}

function quantitiesOf(found: FittedPeak, peak: PeakRequest, origin: Origin): DerivedValue[] {
  const { source, spectrum } = origin;
  const unit = energyJoulePer(spectrum.axisUnit) ?? Number.NaN;
  const value = found.position * unit;
  const standardError = found.positionError * unit;
  const { twoTheta, name } = peak;
  const area = areaOf({ value: found.area, error: found.areaError }, peak, origin);
  const spacing = twoTheta === undefined ? undefined : spacingMetre(value, twoTheta);
  return [
    { name: peakQuantityName('position', name), value, standardError, source },
    ...(area ? [area] : []),
    {
      name: peakQuantityName('width', name),
      value: found.width * unit,
      ...(found.widthError === null ? {} : { standardError: found.widthError * unit }),
      source,
    },
    // σ_d / d = σ_E / E; the angle is taken as exact.
    ...(spacing === undefined
      ? []
      : [
          {
            name: peakQuantityName('spacing', name),
            value: spacing,
            standardError: spacing * (standardError / value),
            source,
          },
        ]),
  ];
}

function areaOf(
  area: NoPeak['area'],
  { name }: PeakRequest,
  { spectrum, source }: Origin,
): DerivedValue | undefined {
  const { liveSecond } = spectrum;
  if (!area || !(liveSecond > 0)) return undefined;
  return {
    name: peakQuantityName('area', name),
    value: area.value / liveSecond,
    ...(area.error === null ? {} : { standardError: area.error / liveSecond }),
    source,
  };
}
