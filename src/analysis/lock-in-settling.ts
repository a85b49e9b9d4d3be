import type { Phasor, Spread } from '../kernels/lock-in-triangle.ts';
import { difference, magnitude, scaled, sum, type Trend, trendOf } from './lock-in-phasor.ts';
import { distanceFromZero, plusSpread, timesVariance } from './lock-in-spread.ts';

/** How well a signal of one window is described by a sine and a trend. */
export interface SignalFit {
  /** Variance of the samples about the fit. */
  readonly variance: number;
  readonly degreesOfFreedom: number;
  /** Largest value the signal has, about; rounding is a share of it. */
  readonly size: number;
}

/** What one window says of the impedance. */
export interface WindowImpedance {
  readonly impedance: Phasor;
  readonly spread: Spread;
  readonly voltage: SignalFit;
  readonly current: SignalFit;
  /** Middle of the window, since the first sample. */
  readonly timeSecond: number;
}

export type SettleState = 'settled' | 'settling' | 'drifting';

export interface Settling {
  /** Windows at the start that are left out. */
  readonly discarded: number;
  readonly state: SettleState;
}

/** Fewer windows cannot show that the response has settled. */
export const WINDOWS_MIN = 3;

/** Successive windows agree within this many standard deviations. */
const AGREEMENT_SIGMA = 3;
/** For a trend over all windows: met by chance once in three thousand measurements. */
const TREND_SIGMA = 4;
/** Differences below this share of |Z| are rounding. */
const AGREEMENT_RELATIVE = 1e-10;
/** A transient dies away: its steps shrink at least this much from first to second half. */
const SHRINKING = 0.5;
/** A fit that is worse than others by more standard deviations holds part of a transient. */
const MISFIT_SIGMA = 5;
/** Of the arithmetic, as a share of the signal; signals without any noise are simulated ones. */
const ROUNDING = 1e-13;

/**
 * Decides how many windows to leave out at the start: those that fit worse than the later ones,
 * then until V/I of successive ones agrees within three standard deviations, then while a trend
 * dies away. A trend that stays is a drift of the cell; no agreement at all means that the
 * response is still settling, or that the cell drifts fast.
 * @param windows at least WINDOWS_MIN, in order of time and equally long
 */
export function settlingOf(windows: readonly WindowImpedance[]): Settling {
  const quiet = firstQuiet(windows);
  const latest = windows.length - WINDOWS_MIN;
  let discarded = quiet < 0 ? latest : Math.min(quiet, latest);
  const agreeing = firstAgreeing(windows.slice(discarded));
  if (agreeing === undefined) {
    const state = isShrinking(windows) ? 'settling' : 'drifting';
    return { discarded: state === 'settling' ? latest : discarded, state };
  }
  discarded += agreeing;
  while (isDyingAway(windows.slice(discarded))) discarded += 1;
  return { discarded, state: hasTrend(windows.slice(discarded)) ? 'drifting' : 'settled' };
}

/** Change of Z over the windows, as a straight line. */
export function impedanceTrend(windows: readonly WindowImpedance[]): Trend {
  return trendOf(
    windows.map((window) => window.timeSecond),
    windows.map((window) => window.impedance),
  );
}

/** True when a fit leaves more than noise of this variance, and rounding, explain. */
export function isMisfit(fit: SignalFit, noiseVariance: number): boolean {
  const excess = 1 + MISFIT_SIGMA * Math.sqrt(2 / fit.degreesOfFreedom);
  return fit.variance > excess * noiseVariance + (ROUNDING * fit.size) ** 2;
}

/** Index of the first window whose fit is as good as that of the second half. */
function firstQuiet(windows: readonly WindowImpedance[]): number {
  const later = windows.slice(Math.floor(windows.length / 2));
  const voltageNoise = median(later.map(({ voltage }) => voltage.variance));
  const currentNoise = median(later.map(({ current }) => current.variance));
  return windows.findIndex(
    ({ voltage, current }) => !isMisfit(voltage, voltageNoise) && !isMisfit(current, currentNoise),
  );
}

/** Index of the first of three successive windows that agree. */
function firstAgreeing(windows: readonly WindowImpedance[]): number | undefined {
  const agrees = windows.slice(1).map((window, index) => {
    const before = windows[index] ?? window;
    const step = difference(window.impedance, before.impedance);
    if (magnitude(step) <= AGREEMENT_RELATIVE * magnitude(window.impedance)) return true;
    return distanceFromZero(step, plusSpread(before.spread, window.spread)) <= AGREEMENT_SIGMA;
  });
  const index = agrees.findIndex((agree, k) => agree && agrees[k + 1] === true);
  return index < 0 ? undefined : index;
}

function isShrinking(windows: readonly WindowImpedance[]): boolean {
  const steps = windows
    .slice(1)
    .map((window, k) => magnitude(difference(window.impedance, (windows[k] ?? window).impedance)));
  const half = Math.floor(steps.length / 2);
  const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0) / some.length;
  return mean(steps.slice(-half)) < SHRINKING * mean(steps.slice(0, half));
}

/**
 * True for a trend whose first window lies off the line through the others, beyond what noise
 * explains and by more than that line falls or rises: the end of a transient, not a drift.
 */
function isDyingAway(windows: readonly WindowImpedance[]): boolean {
  const [first, ...others] = windows;
  if (!first || others.length < WINDOWS_MIN || !hasTrend(windows)) return false;
  const line = impedanceTrend(others);
  const elapsed = first.timeSecond - line.timeMeanSecond;
  const drift = scaled(line.slope, elapsed);
  const deviation = difference(first.impedance, sum(line.mean, drift));
  const spread = [
    first.spread,
    timesVariance(meanSpread(others), 1 / others.length),
    timesVariance(slopeSpread(others, line), elapsed ** 2),
  ].reduce(plusSpread);
  return (
    magnitude(deviation) > magnitude(drift) && distanceFromZero(deviation, spread) > AGREEMENT_SIGMA
  );
}

function hasTrend(windows: readonly WindowImpedance[]): boolean {
  const trend = impedanceTrend(windows);
  const halfSpan = trend.timeMeanSecond - (windows[0]?.timeSecond ?? 0);
  const change = magnitude(trend.slope) * halfSpan;
  if (change <= AGREEMENT_RELATIVE * magnitude(trend.mean)) return false;
  return distanceFromZero(trend.slope, slopeSpread(windows, trend)) > TREND_SIGMA;
}

function slopeSpread(windows: readonly WindowImpedance[], trend: Trend): Spread {
  return timesVariance(meanSpread(windows), 1 / trend.leverage);
}

function meanSpread(windows: readonly WindowImpedance[]): Spread {
  const total = windows.map((window) => window.spread).reduce(plusSpread);
  return timesVariance(total, 1 / windows.length);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
