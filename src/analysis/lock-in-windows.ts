import {
  mergeTriangles,
  type Phasor,
  type Spread,
  solveTriangle,
  type WindowFit,
  type WindowTriangle,
} from '../kernels/lock-in-triangle.ts';
import { magnitude, ratio, scaled, sum } from './lock-in-phasor.ts';
import {
  impedanceTrend,
  isMisfit,
  type SettleState,
  type SignalFit,
  settlingOf,
  type WindowImpedance,
} from './lock-in-settling.ts';
import { plusSpread, sigmaOf, timesFactor, timesVariance } from './lock-in-spread.ts';

/** Voltage and current of one or more whole periods. */
export interface MeasuredWindow {
  readonly triangle: WindowTriangle;
  /** Middle of the window, since the first sample. */
  readonly timeSecond: number;
}

export interface SettledImpedance {
  readonly impedance: Phasor;
  readonly voltage: Phasor;
  readonly current: Phasor;
  /** One standard deviation of the real, and of the imaginary, part. */
  readonly sigmaOhm: number;
  readonly currentSigma: number;
  readonly state: SettleState;
  readonly discarded: number;
  /** Middle of what was used. */
  readonly timeSecond: number;
  /** Change of Z per second; zero unless it is drifting. */
  readonly driftOhmPerSecond: Phasor;
}

/**
 * Periods that share one trend in the final fit. In a single period a parabola takes most of what
 * a cosine says; in four it takes a hundredth.
 */
const GROUP_PERIODS = 4;

/**
 * The impedance that windows of whole periods show, without those before it settled: phasors are
 * averaged first, then one ratio is taken.
 * @param windows at least three, in order of time and equally long
 */
export function settledImpedance(
  windows: readonly MeasuredWindow[],
  periodsPerWindow: number,
): SettledImpedance {
  const each = windows.map(windowImpedance);
  const { discarded, state } = settlingOf(each);
  const used = windows.slice(discarded);
  const mean = meanPhasors(used, Math.ceil(GROUP_PERIODS / periodsPerWindow));
  const trend = impedanceTrend(each.slice(discarded));
  // What is not settled scatters more than its noise: the larger of the two is honest.
  const scatter = trend.residualSquares / (2 * Math.max(used.length - 2, 1) * used.length);
  const byNoise = sigmaOf(ratioSpread(mean));
  return {
    impedance: ratio(mean.voltage, mean.current),
    voltage: mean.voltage,
    current: mean.current,
    sigmaOhm: state === 'settled' ? byNoise : Math.max(byNoise, Math.sqrt(scatter)),
    currentSigma: sigmaOf(mean.currentSpread),
    state,
    discarded,
    timeSecond: trend.timeMeanSecond,
    driftOhmPerSecond: state === 'drifting' ? trend.slope : { re: 0, im: 0 },
  };
}

/** Two successive windows as one of double length. */
export function joined(a: MeasuredWindow, b: MeasuredWindow): MeasuredWindow {
  return {
    triangle: mergeTriangles([a.triangle, b.triangle]),
    timeSecond: (a.timeSecond + b.timeSecond) / 2,
  };
}

interface Phasors {
  readonly voltage: Phasor;
  readonly current: Phasor;
  readonly voltageSpread: Spread;
  readonly currentSpread: Spread;
}

function windowImpedance({ triangle, timeSecond }: MeasuredWindow): WindowImpedance {
  const fit = solveTriangle(triangle);
  return {
    impedance: ratio(fit.voltage.phasor, fit.current.phasor),
    spread: ratioSpread(phasorsOf(fit)),
    voltage: signalFit(fit, 'voltage'),
    current: signalFit(fit, 'current'),
    timeSecond,
  };
}

function signalFit(fit: WindowFit, signal: 'voltage' | 'current'): SignalFit {
  const { phasor, trend, residualSquares } = fit[signal];
  const { degreesOfFreedom } = fit;
  return {
    variance: residualSquares / degreesOfFreedom,
    degreesOfFreedom,
    size: magnitude(phasor) + Math.abs(trend[0]),
  };
}

function phasorsOf(fit: WindowFit): Phasors {
  const spread = (residualSquares: number): Spread =>
    timesVariance(fit.unitSpread, residualSquares / fit.degreesOfFreedom);
  return {
    voltage: fit.voltage.phasor,
    current: fit.current.phasor,
    voltageSpread: spread(fit.voltage.residualSquares),
    currentSpread: spread(fit.current.residualSquares),
  };
}

/** Mean over groups of windows; the last group may be longer. */
function meanPhasors(windows: readonly MeasuredWindow[], groupSize: number): Phasors {
  const groupCount = Math.max(1, Math.floor(windows.length / groupSize));
  const groups = Array.from({ length: groupCount }, (_, index) => {
    const end = index === groupCount - 1 ? windows.length : (index + 1) * groupSize;
    return windows.slice(index * groupSize, end).map(({ triangle }) => triangle);
  });
  return weightedMean(
    groups.map((group) => ({ ...groupPhasors(group), share: group.length / windows.length })),
  );
}

/**
 * One fit with a common trend, or, where a potential that wanders or a transient that fades does
 * not follow one parabola, the mean of fits with a parabola each.
 */
function groupPhasors(group: readonly WindowTriangle[]): Phasors {
  const together = solveTriangle(mergeTriangles(group));
  const apart = group.map(solveTriangle);
  const misfits = (['voltage', 'current'] as const).some((signal) => {
    const squares = apart.reduce((total, fit) => total + fit[signal].residualSquares, 0);
    const freedom = apart.reduce((total, fit) => total + fit.degreesOfFreedom, 0);
    return isMisfit(signalFit(together, signal), squares / freedom);
  });
  if (!misfits) return phasorsOf(together);
  return weightedMean(apart.map((fit) => ({ ...phasorsOf(fit), share: 1 / apart.length })));
}

function weightedMean(parts: readonly (Phasors & { readonly share: number })[]): Phasors {
  const phasor = (name: 'voltage' | 'current'): Phasor =>
    parts.map((part) => scaled(part[name], part.share)).reduce(sum);
  const spread = (name: 'voltageSpread' | 'currentSpread'): Spread =>
    parts.map((part) => timesVariance(part[name], part.share ** 2)).reduce(plusSpread);
  return {
    voltage: phasor('voltage'),
    current: phasor('current'),
    voltageSpread: spread('voltageSpread'),
    currentSpread: spread('currentSpread'),
  };
}

/**
 * Spread of V / I: dZ = dV / I - Z dI / I with independent noise; its standard deviation is
 * |Z| √(s_V² / |V|² + s_I² / |I|²).
 */
function ratioSpread({ voltage, current, voltageSpread, currentSpread }: Phasors): Spread {
  const byVolt = ratio({ re: 1, im: 0 }, current);
  const byAmpere = ratio(ratio(voltage, current), current);
  return plusSpread(timesFactor(voltageSpread, byVolt), timesFactor(currentSpread, byAmpere));
}
