import { energyJoulePer } from '../../src/domain/detector-spectrum.ts';
import { diffractedJoule, planeSpacingMetre } from './crystal.ts';
import type { SpecimenSignal } from './specimen-signal.ts';
import type { Level, Peak, Region } from './spectrometer-regions.ts';

/** What a detector would count in a region if counting had no noise. */

const FOUR_LN2 = 4 * Math.LN2;
/** Areas of profiles of height 1 and full width 1. */
const GAUSSIAN_AREA = Math.sqrt(Math.PI / FOUR_LN2);
const LORENTZIAN_AREA = Math.PI / 2;

/** Centres of the channels, both ends of the axis included. */
export function channelAxis({ axis }: Region): Float64Array {
  const { from, channels } = axis;
  return Float64Array.from({ length: channels }, (_, at) => from + at * channelWidth({ axis }));
}

/**
 * Expected rate of each channel, counts per second, with the cell as it is now.
 * @param centres of the channels, see `channelAxis`
 */
export function expectedRates(
  region: Region,
  centres: Float64Array,
  signal: SpecimenSignal,
): Float64Array {
  const rates = new Float64Array(centres.length);
  for (const peak of region.peaks) addPeak(rates, centres, peak, { region, signal });
  const [first, last] = region.background;
  // What loses energy on its way out lies above its peak on an axis of binding energy.
  let behind = 0;
  for (let at = 0; at < rates.length; at += 1) {
    const share = at / (rates.length - 1);
    const fromPeaks = (rates[at] ?? 0) * channelWidth(region);
    behind += fromPeaks;
    rates[at] = fromPeaks + first + (last - first) * share + region.step * behind;
  }
  return rates;
}

/** The value of a level now: the number itself, or where the state is on its straight lines. */
export function levelNow(level: Level, signal: SpecimenSignal): number {
  if (typeof level === 'number') return level;
  const x = signal(level.follows);
  const { points } = level;
  const next = points.findIndex(([at]) => at >= x);
  const [x1, y1] = points[next] ?? points.at(-1) ?? [0, 0];
  const [x0, y0] = points[next - 1] ?? [x1, y1];
  return x1 === x0 || next < 0 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

function channelWidth({ axis }: Pick<Region, 'axis'>): number {
  return (axis.to - axis.from) / (axis.channels - 1);
}

function addPeak(
  densities: Float64Array,
  centres: Float64Array,
  peak: Peak,
  { region, signal }: { readonly region: Region; readonly signal: SpecimenSignal },
): void {
  const area = Math.max(0, levelNow(peak.area, signal));
  if (area === 0) return;
  const position = positionNow(region, peak, signal);
  if (!Number.isFinite(position)) return;
  const { split, ratio } = peak.partner ?? { split: 0, ratio: 0 };
  for (const [at, centre] of centres.entries()) {
    const main = profile(peak, centre - position);
    const partner = ratio > 0 ? ratio * profile(peak, centre - position - split) : 0;
    densities[at] = (densities[at] ?? 0) + area * (main + partner);
  }
}

/** Where a peak is now, in the unit of the axis; infinite for a crystal that is not there. */
function positionNow(region: Region, peak: Peak, signal: SpecimenSignal): number {
  const { reflection, position = 0 } = peak;
  const shift = region.photoelectrons ? signal('surfacePotential') : 0;
  if (!reflection) return levelNow(position, signal) + shift;
  const { phase, planes } = reflection;
  const spacing = planeSpacingMetre(planes, { a: signal(`${phase}.a`), c: signal(`${phase}.c`) });
  return diffractedJoule(spacing, region.twoTheta ?? 0) / (energyJoulePer(region.axis.unit) ?? 1);
}

/** Density of a line of area 1 at this distance from its middle. */
function profile({ width, lorentzian }: Peak, distance: number): number {
  const u = distance / width;
  const gaussian = Math.exp(-FOUR_LN2 * u * u);
  const tail = 1 / (1 + 4 * u * u);
  const height = 1 / (width * ((1 - lorentzian) * GAUSSIAN_AREA + lorentzian * LORENTZIAN_AREA));
  return height * ((1 - lorentzian) * gaussian + lorentzian * tail);
}
