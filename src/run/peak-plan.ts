import type { DerivedComparison } from '../domain/derived-quantity.ts';
import { energyJoulePer } from '../domain/detector-spectrum.ts';
import type { Spectrometer } from '../domain/instrument.ts';
import {
  type PeakRequest,
  type PeakSetting,
  parsePeakQuantity,
  peakQuantityName,
} from '../domain/peak.ts';
import type { SpectrumSettings } from '../domain/recipe-acquisitions.ts';
import type { MeasurementStep } from '../domain/recipe-steps.ts';
import type { PlanSite } from './plan-site.ts';

/** Peaks a recipe wants fitted: each in a region that is counted, in a window that is on its axis. */

/** A line and the background on both sides of it need so many. */
const WINDOW_CHANNELS_MIN = 12;

/** Makes the peaks of a spectrum definite. */
export function planPeaks(site: PlanSite, settings: SpectrumSettings): PeakRequest[] {
  const { spectrometer } = site.instruments;
  const seen = new Map<string, number>();
  return settings.peaks.flatMap((peak, at) => {
    const here = site.at(`peaks[${at}]`);
    const name = peakQuantityName('position', peak.name);
    const first = seen.get(name);
    if (first === undefined) seen.set(name, at);
    else here.problem('name', `peaks[${first}] gives "${name}" already: expected another name`);
    const region = regionOf(here, peak, settings.regions);
    checkLines(here, peak);
    if (spectrometer && region !== undefined) checkWindow(here, { ...peak, region }, spectrometer);
    return region === undefined ? [] : [{ ...peak, region }];
  });
}

function regionOf(
  site: PlanSite,
  { region }: PeakSetting,
  regions: readonly string[],
): string | undefined {
  const [only, second] = regions;
  if (region === undefined && second === undefined) return only;
  if (region !== undefined && regions.includes(region)) return region;
  const expected = `expected one of ${regions.join(', ')}`;
  site.problem(
    'region',
    region === undefined
      ? `is missing: the spectrum has several regions; ${expected}`
      : `the spectrum has no region "${region}": ${expected}`,
  );
  return undefined;
}

function checkLines(site: PlanSite, { from, to, width, beside, twoTheta }: PeakSetting): void {
  if (!(from < to)) site.problem('to', 'the window must end above where it begins');
  if (width !== undefined && !(width > 0)) site.problem('width', 'the width must be above 0');
  for (const [at, place] of beside.entries()) {
    if (place > from && place < to) continue;
    site.problem(`beside[${at}]`, `${spokenEnergy(place)} is not inside the window of the peak`);
  }
  if (twoTheta !== undefined && !(twoTheta > 0 && twoTheta < Math.PI)) {
    site.problem('twoTheta', 'the angle must lie between 0° and 180°');
  }
}

function checkWindow(
  site: PlanSite,
  { from, to, region }: PeakRequest,
  spectrometer: Spectrometer,
): void {
  const { info } = spectrometer;
  const axis = spectrometer.axisOf?.(region);
  if (!axis) return;
  const unit = energyJoulePer(axis.unit);
  if (unit === undefined) {
    site.problem('region', `the axis of ${region} is in ${axis.unit}: expected one in eV or keV`);
    return;
  }
  const inRegion = (energy: number): boolean =>
    energy >= Math.min(axis.from, axis.to) * unit && energy <= Math.max(axis.from, axis.to) * unit;
  const window = `${spokenEnergy(from)} to ${spokenEnergy(to)}`;
  const whole = `region ${region} of ${info.model}, ${axis.from} to ${axis.to} ${axis.unit}`;
  if (!inRegion(from) || !inRegion(to)) {
    site.problem(inRegion(from) ? 'to' : 'from', `the window ${window} is not inside ${whole}`);
    return;
  }
  const channelJoule = (Math.abs(axis.to - axis.from) * unit) / (axis.channels - 1);
  const channels = Math.floor((to - from) / channelJoule) + 1;
  if (from >= to || channels >= WINDOW_CHANNELS_MIN) return;
  site.problem(
    'to',
    `the window ${window} has ${channels} channels of ${whole}: expected ${WINDOW_CHANNELS_MIN} or more`,
  );
}

/** A quantity of a peak that nothing fits can never end anything. */
export function checkPeakFed(site: PlanSite, key: string, { name }: DerivedComparison): void {
  const wanted = parsePeakQuantity(name);
  if (!wanted) return;
  const fed = site.peaks.filter((peak) => peak.name === wanted.peak);
  if (fed.length === 0) {
    const names = [
      ...new Set(site.peaks.map((peak) => peakQuantityName(wanted.quantity, peak.name))),
    ];
    const known =
      names.length === 0
        ? 'no spectrum of the recipe has peaks'
        : `the spectra of the recipe give ${names.join(', ')}`;
    site.problem(
      key,
      `no spectrum gives "${name}": ${known}; list the peak under peaks of a spectrum`,
    );
  } else if (wanted.quantity === 'spacing' && fed.every(({ twoTheta }) => twoTheta === undefined)) {
    site.problem(key, `"${name}" needs twoTheta, the diffraction angle, at the peak`);
  }
}

/** Every peak that the spectra of some steps ask for. */
export function peaksOf(steps: Iterable<MeasurementStep>): PeakSetting[] {
  const found: PeakSetting[] = [];
  for (const step of steps) {
    const inner = 'during' in step ? step.during : [];
    for (const one of [step, ...inner]) if (one.technique === 'spectrum') found.push(...one.peaks);
  }
  return found;
}

function spokenEnergy(joule: number): string {
  const electronVolt = joule / (energyJoulePer('eV') ?? 1);
  const isLarge = Math.abs(electronVolt) >= 1000;
  return `${Number((electronVolt / (isLarge ? 1000 : 1)).toPrecision(7))} ${isLarge ? 'keV' : 'eV'}`;
}
