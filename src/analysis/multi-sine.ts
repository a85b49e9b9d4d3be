import { Fault } from '../domain/fault.ts';
import type { Quality } from '../domain/sample.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import type { Phasor } from '../kernels/lock-in-triangle.ts';
import { ClippingWatch } from './lock-in-clipping.ts';
import { magnitude, meanPhasor, ratio, scaled, sum, trendOf } from './lock-in-phasor.ts';
import type { MultiSine } from './multi-sine-design.ts';
import { type Distortion, distortionOf } from './multi-sine-distortion.ts';
import {
  type PeriodSpectra,
  periodSpectra,
  periodsToDiscard,
  withoutTrend,
} from './multi-sine-spectra.ts';

/** What was measured while a multi-sine was applied, from the start of one of its periods. */
export interface MultiSineRecord {
  readonly voltageVolt: Float64Array;
  readonly currentAmpere: Float64Array;
  /** The signal that answers: voltage when the current is controlled. */
  readonly response: 'voltage' | 'current';
  /** Magnitude at which the range ends; samples there are counted as overload. */
  readonly voltageLimitVolt?: number;
  readonly currentLimitAmpere?: number;
}

export interface MultiSineOptions {
  /** Periods left out at the start; found from the data unless given. */
  readonly periodsDiscarded?: number;
  /** Time since the first sample that all points shall refer to; the middle unless given. */
  readonly atSecond?: number;
}

export interface MultiSinePoint extends ImpedancePoint {
  /** One standard deviation of the real, and of the imaginary, part, from the scatter of periods. */
  readonly sigmaOhm: number;
  /** Change per second, as a straight line over the periods. */
  readonly driftOhmPerSecond: Phasor;
}

export interface MultiSineResult {
  /** Every excited line, from the lowest frequency. */
  readonly points: readonly MultiSinePoint[];
  readonly periodsUsed: number;
  readonly periodsDiscarded: number;
  /** When the points hold, since the first sample. */
  readonly timeSecond: number;
  readonly distortion: Distortion;
  /** True when the impedance changes from period to period beyond the scatter. */
  readonly drifting: boolean;
  /** Largest change of |Z| against |Z| during the periods used, of lines where it is clear. */
  readonly driftPercent: number;
  readonly quality: Quality;
  /** Sentences for people; empty when there is nothing to say. */
  readonly remarks: readonly string[];
}

/** A line takes two periods, and its scatter one more. */
export const PERIODS_MIN = 3;
/** A point moves with its drift by this many standard deviations at least, to count as clear. */
const DRIFT_SIGMA = 3;
/** The drift of all lines together against its scatter, above 1 by chance only this often. */
const DRIFT_EXCESS_SIGMA = 5;
/** Changes below this share of Z are rounding. */
const DRIFT_RELATIVE = 1e-10;
/** Lines of the current weaker than this share of the strongest say nothing about Z. */
const LINE_SHARE_MIN = 1e-9;

/**
 * Impedance at every excited line of a multi-sine: trend of each signal removed, spectra averaged
 * over whole periods, then one ratio. Samples after the last whole period are left aside.
 * @throws Fault badInput when signals do not fit the multi-sine, analysis when no current flows
 */
export function analyseMultiSine(
  design: MultiSine,
  record: MultiSineRecord,
  options: MultiSineOptions = {},
): MultiSineResult {
  checkRecord(design, record);
  const periodsDiscarded = options.periodsDiscarded ?? findDiscarded(design, record);
  const periodsUsed = wholePeriods(design, record) - periodsDiscarded;
  checkPeriods(design, periodsUsed, periodsDiscarded);
  const voltage = spectraOf(design, record.voltageVolt, periodsDiscarded);
  const current = spectraOf(design, record.currentAmpere, periodsDiscarded);
  checkCurrent(design, current);
  const periodSecond = 1 / design.baseHertz;
  const times = Array.from(
    { length: periodsUsed },
    (_, period) => (periodsDiscarded + period + 0.5) * periodSecond,
  );
  const timeSecond = options.atSecond ?? (periodsDiscarded + periodsUsed / 2) * periodSecond;
  const lines = design.lines.map(({ frequencyHertz }, k) =>
    lineResult(
      { voltage: column(voltage, k), current: column(current, k), times, timeSecond },
      frequencyHertz,
    ),
  );
  const drift = driftOf(lines, (periodsUsed - 1) * periodSecond, periodsUsed);
  const answer = record.response === 'voltage' ? record.voltageVolt : record.currentAmpere;
  const clipped = clippedSignals(design, record);
  const distortion = distortionOf(design, usedSamples(design, answer, periodsDiscarded));
  return {
    points: lines.map((line) => line.point),
    periodsUsed,
    periodsDiscarded,
    timeSecond,
    distortion,
    ...drift,
    quality: clipped.length > 0 ? 'overload' : 'good',
    remarks: [...clipped, ...remarksOf(distortion, drift)],
  };
}

interface LineSpectra {
  /** One phasor per period. */
  readonly voltage: readonly Phasor[];
  readonly current: readonly Phasor[];
  readonly times: readonly number[];
  readonly timeSecond: number;
}

interface LineResult {
  readonly point: MultiSinePoint;
  readonly impedance: Phasor;
  /** Variance of one part of the drift. */
  readonly driftVariance: number;
}

function lineResult(line: LineSpectra, frequencyHertz: number): LineResult {
  const { times, timeSecond } = line;
  const each = line.voltage.map((voltage, period) =>
    ratio(voltage, line.current[period] ?? { re: Number.NaN, im: Number.NaN }),
  );
  const trend = trendOf(times, each);
  // Scatter about the line, not about the mean: a drift is no noise.
  const variance = trend.residualSquares / (2 * (times.length - 2));
  const elapsed = timeSecond - trend.timeMeanSecond;
  const mean = ratio(meanPhasor(line.voltage), meanPhasor(line.current));
  const impedance = sum(mean, scaled(trend.slope, elapsed));
  return {
    point: {
      frequencyHertz,
      zRealOhm: impedance.re,
      zImagOhm: impedance.im,
      sigmaOhm: Math.sqrt(variance * (1 / times.length + elapsed ** 2 / trend.leverage)),
      driftOhmPerSecond: trend.slope,
    },
    impedance,
    driftVariance: variance / trend.leverage,
  };
}

interface DriftVerdict {
  readonly drifting: boolean;
  readonly driftPercent: number;
}

/** All lines weigh alike, each relative to its |Z|: drift shows in many lines a little. */
function driftOf(lines: readonly LineResult[], spanSecond: number, periods: number): DriftVerdict {
  let found = 0;
  let expected = 0;
  let driftPercent = 0;
  for (const { point, impedance, driftVariance } of lines) {
    const size = magnitude(impedance);
    const change = (magnitude(point.driftOhmPerSecond) * spanSecond) / size;
    const sigma = (Math.sqrt(driftVariance) * spanSecond) / size;
    found += change ** 2;
    expected += 2 * sigma ** 2;
    if (change > DRIFT_SIGMA * sigma) driftPercent = Math.max(driftPercent, 100 * change);
  }
  const chance = Math.sqrt((1 + 1 / (periods - 2)) / lines.length);
  const limit = expected * (1 + DRIFT_EXCESS_SIGMA * chance) + lines.length * DRIFT_RELATIVE ** 2;
  const drifting = found > limit;
  return { drifting, driftPercent: drifting ? driftPercent : 0 };
}

function findDiscarded(design: MultiSine, record: MultiSineRecord): number {
  const { samplesPerPeriod } = design;
  const harmonics = design.lines.map(({ harmonic }) => harmonic);
  const periods = wholePeriods(design, record);
  // By the second half the response has settled, or nothing here can be trusted.
  const half = Math.min(Math.floor(periods / 2), periods - 2);
  const found = [record.voltageVolt, record.currentAmpere].map((signal) => {
    const whole = signal.subarray(0, periods * samplesPerPeriod);
    const level = withoutTrend(whole, samplesPerPeriod, half);
    return periodsToDiscard(periodSpectra(level, samplesPerPeriod, harmonics));
  });
  return Math.max(0, Math.min(Math.max(...found), periods - PERIODS_MIN));
}

function spectraOf(design: MultiSine, signal: Float64Array, discarded: number): PeriodSpectra {
  const used = usedSamples(design, signal, discarded);
  const harmonics = design.lines.map(({ harmonic }) => harmonic);
  return periodSpectra(used, design.samplesPerPeriod, harmonics);
}

/** Whole periods without those discarded, and without trend. */
function usedSamples(design: MultiSine, signal: Float64Array, discarded: number): Float64Array {
  const { samplesPerPeriod } = design;
  const end = Math.floor(signal.length / samplesPerPeriod) * samplesPerPeriod;
  return withoutTrend(signal.subarray(discarded * samplesPerPeriod, end), samplesPerPeriod);
}

function wholePeriods(design: MultiSine, record: MultiSineRecord): number {
  return Math.floor(record.voltageVolt.length / design.samplesPerPeriod);
}

function column(spectra: PeriodSpectra, line: number): Phasor[] {
  return spectra.map((period) => period[line] ?? { re: Number.NaN, im: Number.NaN });
}

function clippedSignals(design: MultiSine, record: MultiSineRecord): string[] {
  // Round its peaks a sum of lines bends like a sine at their root-mean-square frequency.
  const squares = design.lines.reduce((total, { harmonic }) => total + harmonic ** 2, 0);
  const samplesPerPeriod = design.samplesPerPeriod / Math.sqrt(squares / design.lines.length);
  const isClipped = (signal: Float64Array, limit: number | undefined): boolean => {
    const watch = new ClippingWatch(limit);
    watch.push(signal);
    const [low, high] = signal.reduce(
      ([least, most], value) => [Math.min(least, value), Math.max(most, value)] as const,
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const,
    );
    return watch.isClipped({ amplitude: (high - low) / 2, samplesPerPeriod });
  };
  const remarks: string[] = [];
  if (isClipped(record.voltageVolt, record.voltageLimitVolt)) {
    remarks.push('the voltage is clipped; use a larger range or a smaller amplitude');
  }
  if (isClipped(record.currentAmpere, record.currentLimitAmpere)) {
    remarks.push('the current is clipped; use a larger range or a smaller amplitude');
  }
  return remarks;
}

function remarksOf(distortion: Distortion, drift: DriftVerdict): string[] {
  const remarks: string[] = [];
  if (distortion.distorted) {
    const even = distortion.evenPercent.toPrecision(2);
    const odd = distortion.oddPercent.toPrecision(2);
    remarks.push(
      `even lines show ${even} %, odd lines ${odd} % distortion; use a smaller amplitude`,
    );
  }
  if (drift.drifting) {
    remarks.push(`the impedance drifted by up to ${drift.driftPercent.toPrecision(2)} % meanwhile`);
  }
  return remarks;
}

function checkRecord(design: MultiSine, record: MultiSineRecord): void {
  const { voltageVolt, currentAmpere } = record;
  if (voltageVolt.length !== currentAmpere.length) {
    const message = `${voltageVolt.length} voltages and ${currentAmpere.length} currents; expected as many`;
    throw new Fault('badInput', { where: 'multi-sine record', message });
  }
  for (const [where, signal] of Object.entries({ voltageVolt, currentAmpere })) {
    const bad = signal.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const message = `sample ${bad + 1} is ${signal[bad]}; expected a finite number`;
      throw new Fault('badInput', { where, message });
    }
  }
  checkPeriods(design, wholePeriods(design, record), 0);
}

function checkPeriods(design: MultiSine, periods: number, discarded: number): void {
  if (!Number.isSafeInteger(discarded) || discarded < 0) {
    const message = `${discarded} periods to discard; expected a whole number, 0 or more`;
    throw new Fault('badInput', { where: 'multi-sine record', message });
  }
  if (periods >= PERIODS_MIN) return;
  const message = `${Math.max(periods, 0)} whole periods of ${design.samplesPerPeriod} samples left after ${discarded} discarded; expected at least ${PERIODS_MIN}`;
  throw new Fault('badInput', { where: 'multi-sine record', message });
}

function checkCurrent(design: MultiSine, current: PeriodSpectra): void {
  const sizes = design.lines.map((_, k) => magnitude(meanPhasor(column(current, k))));
  const least = LINE_SHARE_MIN * Math.max(...sizes);
  const silent = design.lines.filter((_, k) => !((sizes[k] ?? 0) > least));
  const [first] = silent;
  if (!first) return;
  throw new Fault('analysis', {
    where: `${first.frequencyHertz} Hz`,
    message: `no current flows at ${silent.length} of ${design.lines.length} excited lines; check the contacts, and that the record is that of this multi-sine`,
  });
}
