import { parseCircuit } from '../domain/circuit.ts';
import { Fault } from '../domain/fault.ts';
import type { ImpedanceSettings } from '../domain/recipe-acquisitions.ts';
import { expectedQuantity, parseQuantity } from '../domain/units.ts';
import type { PlannedSweep } from './plan.ts';
import type { PlanSite } from './plan-site.ts';
import { spokenTime, spokenValue } from './wording.ts';

/** An instrument needs about so long to settle for a point, and then so many periods. */
const SETTLE_SECOND_PER_POINT = 0.3;
const PERIODS_PER_POINT = 3;
/** The most samples a point may have, on a line of 921 600 Bd. */
const SECOND_PER_WAVEFORM = 1.1;
/** Limits read from files and products of unit factors differ in their last digits. */
const ROUNDING = 1e-6;
const PEAK_PER_RMS = Math.SQRT2;

/** Makes a sweep definite, and says everything that is wrong with it. */
export function planSweep(
  site: PlanSite,
  settings: ImpedanceSettings,
  biasAmpere: number,
): PlannedSweep {
  const { from, to, mode, pointsPerDecade, waveforms } = settings;
  checkFrequencies(site, settings);
  const amplitudeRms = planAmplitude(site, settings, biasAmpere);
  if (settings.fit !== undefined) checkCircuit(site, settings.fit);
  checkExcitation(site, mode);
  if (waveforms) checkWaveforms(site, mode);
  const pointCount =
    from > to && to > 0 ? Math.round((Math.log10(from) - Math.log10(to)) * pointsPerDecade) + 1 : 2;
  return {
    kind: 'impedance',
    frequencyHertzMax: from,
    frequencyHertzMin: to,
    pointCount,
    mode,
    amplitudeRms,
    circuit: settings.fit,
    ...(waveforms ? { waveforms } : {}),
    expectedSecond:
      expectedSecond(from, to, pointCount) + (waveforms ? pointCount * SECOND_PER_WAVEFORM : 0),
  };
}

function checkExcitation(site: PlanSite, mode: ImpedanceSettings['mode']): void {
  const { capability, info } = site.potentiostat;
  if (!capability.techniques.includes('impedance')) {
    site.problem('', `${info.model} cannot measure impedance`);
  } else if (capability.excitations?.includes(mode) === false) {
    const able = capability.excitations.join(', ');
    site.problem('mode', `${info.model} cannot measure ${mode} impedance: expected ${able}`);
  }
}

function checkWaveforms(site: PlanSite, mode: ImpedanceSettings['mode']): void {
  const { capability, info } = site.potentiostat;
  const able = capability.waveforms ?? [];
  if (able.includes(mode)) return;
  const advice = able.length > 0 ? `: expected ${able.join(', ')}` : ': leave waveforms out';
  site.problem(
    'waveforms',
    `${info.model} does not tell the waveforms of ${mode} impedance${advice}`,
  );
}

function checkCircuit(site: PlanSite, text: string): void {
  try {
    parseCircuit(text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    for (const { where, message } of error.problems) {
      site.problem('fit', `${where}: ${message}`);
    }
  }
}

function checkFrequencies(site: PlanSite, { from, to }: ImpedanceSettings): void {
  const { capability, info } = site.potentiostat;
  if (!(to > 0) || !(from > to)) {
    site.problem(
      'from',
      `a sweep goes down from a higher to a lower frequency above 0, but is to go from ${spokenValue(from, 'Hz')} to ${spokenValue(to, 'Hz')}`,
    );
    return;
  }
  if (from > capability.frequencyHertzMax * (1 + ROUNDING)) {
    site.problem(
      'from',
      `${spokenValue(from, 'Hz')} is above the ${spokenValue(capability.frequencyHertzMax, 'Hz')} that ${info.model} reaches`,
    );
  }
  if (to < capability.frequencyHertzMin * (1 - ROUNDING)) {
    site.problem(
      'to',
      `${spokenValue(to, 'Hz')} is below the ${spokenValue(capability.frequencyHertzMin, 'Hz')} that ${info.model} reaches`,
    );
  }
}

function planAmplitude(
  site: PlanSite,
  { mode, amplitude }: ImpedanceSettings,
  biasAmpere: number,
): number {
  const dimension = mode === 'galvanostatic' ? 'current' : 'voltage';
  const rms = parseQuantity(amplitude, dimension);
  if (rms === undefined) {
    site.problem(
      'amplitude',
      `"${amplitude}" is not understood for a ${mode} sweep: ${expectedQuantity(dimension)}`,
    );
    return Number.NaN;
  }
  if (!(rms > 0)) site.problem('amplitude', `"${amplitude}" is not above 0`);
  if (mode === 'galvanostatic') {
    site.checkCurrent('amplitude', Math.abs(biasAmpere) + rms * PEAK_PER_RMS, 'peak of the sweep');
  } else if (rms * PEAK_PER_RMS > site.potentiostat.capability.voltageVoltMax) {
    const limit = spokenValue(site.potentiostat.capability.voltageVoltMax, 'V');
    site.problem(
      'amplitude',
      `"${amplitude}" is above the ${limit} of ${site.potentiostat.info.model}`,
    );
  }
  return rms;
}

function expectedSecond(from: number, to: number, pointCount: number): number {
  let total = 0;
  for (let at = 0; at < pointCount; at += 1) {
    const frequencyHertz = from * (to / from) ** (at / Math.max(1, pointCount - 1));
    total += SETTLE_SECOND_PER_POINT + PERIODS_PER_POINT / frequencyHertz;
  }
  return total;
}

/** A sweep that is taken again before it has ended would never let the step go on. */
export function checkSweepCadence(site: PlanSite, sweep: PlannedSweep, everySecond: number): void {
  if (sweep.expectedSecond < everySecond) return;
  site.problem(
    'every',
    `a sweep takes about ${spokenTime(Math.ceil(sweep.expectedSecond))}, longer than the ${spokenTime(everySecond)} between two of them`,
  );
}
