import { type CountFit, type CountModel, covarianceOf, fitCounts } from './count-fit.ts';
import { PeakModel, type PeakShape } from './peak-model.ts';
import { peakStarts } from './peak-start.ts';

/** Fits one peak of a spectrum, and says so when the counts do not determine it. */

/** Everything in the unit of the axis; areas in counts. */
export interface FittedPeak {
  readonly determined: true;
  readonly position: number;
  /** Standard errors from counting, larger where the shape of the line does not fit. */
  readonly positionError: number;
  readonly area: number;
  readonly areaError: number;
  /** Full width at half maximum. */
  readonly width: number;
  /** Null where the width was given. */
  readonly widthError: number | null;
  readonly lorentzian: number;
  /** Pearson's χ² over the degrees of freedom: 1 when nothing but counting scatters. */
  readonly reducedChiSquare: number;
}

export interface NoPeak {
  readonly determined: false;
  readonly reason: string;
  /** Where nothing rises above the noise: what the likeliest place has, never below 0. */
  readonly area?: { readonly value: number; readonly error: number | null };
}

/**
 * The deviance must fall by so much when a peak is added, which has three parameters and may be
 * anywhere: on a flat spectrum noise reaches it less than once in a thousand windows.
 */
const DEVIANCE_FALL_MIN = 28;
/** A maximum nearer to the border than half its width may be the flank of one outside. */
const BORDER_WIDTHS_MIN = 0.5;
const POSITION_ERROR_WIDTHS_MAX = 0.25;
const WIDTH_WINDOW_MAX = 0.7;
const WIDTH_CHANNELS_MIN = 1.8;
/** Difference from the fitted line beyond counting, root mean square of one width, over its height. */
const MISFIT_SHARE_MAX = 0.06;
/** Standard deviations by which the excess must be above what counting makes. */
const EXCESS_DEVIATIONS = 3;
/** Standard deviations of χ² beyond which it is no accident. */
const CHI_SQUARE_DEVIATIONS = 4;
/** So many highest channels with one value, far above noise: the detector counts no further. */
const CLIPPED_CHANNELS = 3;
const CLIPPED_COUNTS_MIN = 100;

/**
 * @param axis in any order of energy, with as many channels as counts
 * @param window where the peak is looked for, background on both sides included
 */
export function fitPeak(
  { axis, counts }: { readonly axis: Float64Array; readonly counts: Float64Array },
  window: { readonly from: number; readonly to: number },
  shape: PeakShape,
): FittedPeak | NoPeak {
  const places = Array.from(axis.keys())
    .filter((at) => (axis[at] ?? 0) >= window.from && (axis[at] ?? 0) <= window.to)
    .sort((a, b) => (axis[a] ?? 0) - (axis[b] ?? 0));
  const inside = Float64Array.from(places, (at) => axis[at] ?? 0);
  const counted = Float64Array.from(places, (at) => counts[at] ?? 0);
  const reason = unusable(inside, counted, shape);
  if (reason !== undefined) return none(reason);
  const model = new PeakModel(inside, shape);
  const best = bestFit(model, counted, shape);
  const without = devianceWithout(inside, counted, shape);
  if (without - best.deviance < DEVIANCE_FALL_MIN) return noRise(model, best);
  return judge(model, best, counted);
}

function bestFit(model: PeakModel, counts: Float64Array, shape: PeakShape): CountFit {
  const fits = peakStarts(model, counts, shape).map((start) => fitCounts(model, counts, start));
  return fits.reduce((a, b) => (b.deviance < a.deviance ? b : a));
}

/** Of the background alone, or with the lines that are said to lie beside the peak. */
function devianceWithout(axis: Float64Array, counts: Float64Array, shape: PeakShape): number {
  const [near, ...rest] = shape.beside;
  if (near !== undefined) {
    const fewer = { ...shape, near, beside: rest };
    return bestFit(new PeakModel(axis, fewer), counts, fewer).deviance;
  }
  return fitCounts(new FlatModel(axis), counts, Float64Array.of(meanOf(counts), 0)).deviance;
}

function noRise(model: PeakModel, best: CountFit): NoPeak {
  const covariance = covarianceOf(model, best);
  const error = covariance && Math.sqrt(quadratic(covariance, areaSlopes(model, best.parameters)));
  const value = Math.max(0, model.area(best.parameters));
  return { ...none('no peak rises above the noise'), area: { value, error: error ?? null } };
}

function none(reason: string): NoPeak {
  return { determined: false, reason };
}

function unusable(axis: Float64Array, counts: Float64Array, shape: PeakShape): string | undefined {
  const model = axis.length < 2 ? undefined : new PeakModel(axis, shape);
  const needed = model === undefined ? 0 : model.freeCount + 3;
  if (!model || axis.length < needed) {
    return `the window has ${axis.length} channels, too few for a peak on a background`;
  }
  if (counts.some((count) => !(count >= 0) || !Number.isFinite(count))) {
    return 'some counts are negative or no numbers';
  }
  const highest = Math.max(...counts);
  const first = counts.indexOf(highest);
  let clipped = 0;
  while (counts[first + clipped] === highest) clipped += 1;
  if (highest >= CLIPPED_COUNTS_MIN && clipped >= CLIPPED_CHANNELS) {
    return `${clipped} neighbouring channels all have ${highest} counts: the detector is saturated`;
  }
  return undefined;
}

function judge(model: PeakModel, fit: CountFit, counts: Float64Array): FittedPeak | NoPeak {
  const reason = unlike(model, fit);
  if (reason !== undefined) return none(reason);
  const covariance = covarianceOf(model, fit);
  if (!covariance) {
    return none('the counts do not determine position, width and background together');
  }
  const { reducedChiSquare, isAccident, misfitShare } = agreement(model, fit, counts);
  const { positions, width, lorentzian } = model.read(fit.parameters);
  const lines = positions.length;
  if (!isAccident && misfitShare > MISFIT_SHARE_MAX) {
    return none(
      `what is there has not the shape of ${lines === 1 ? 'one line' : `${lines} lines`}: ` +
        `it differs by ${(100 * misfitShare).toFixed(0)} % of the height`,
    );
  }
  const scale = isAccident ? 1 : Math.sqrt(Math.max(1, reducedChiSquare));
  const variances = fit.parameters.map((_, at) => covariance[at * (model.parameterCount + 1)] ?? 0);
  const positionError = scale * Math.sqrt(variances[lines] ?? 0);
  if (!(positionError < POSITION_ERROR_WIDTHS_MAX * width)) {
    return none('the counts leave the position open');
  }
  // The width is fitted as its logarithm, and has no variance where it was given.
  const widthError = width * scale * Math.sqrt(variances[2 * lines] ?? 0);
  return {
    determined: true,
    position: positions[0] ?? Number.NaN,
    positionError,
    area: model.area(fit.parameters),
    areaError: scale * Math.sqrt(quadratic(covariance, areaSlopes(model, fit.parameters))),
    width,
    widthError: model.low[2 * lines] === model.high[2 * lines] ? null : widthError,
    lorentzian,
    reducedChiSquare,
  };
}

/** Why the best fit is no peak that is wholly in the window. */
function unlike(model: PeakModel, { converged, parameters }: CountFit): string | undefined {
  const { heights, positions, width } = model.read(parameters);
  if (!converged) return 'the fit does not settle';
  if (!((heights[0] ?? 0) > 0)) return 'there is a dip and no peak';
  if (width > WIDTH_WINDOW_MAX * model.window) {
    return 'what rises is as wide as the window: no background beside it';
  }
  const above = (positions[0] ?? 0) - (model.axis[0] ?? 0);
  const border = Math.min(above, model.window - above);
  if (border < BORDER_WIDTHS_MIN * width) return "the peak is at the window's border";
  if (width < WIDTH_CHANNELS_MIN * model.channel) return 'the peak is narrower than two channels';
  return undefined;
}

/** χ² of the whole window, and how far the counts are from the lines beyond their noise. */
function agreement(model: PeakModel, { parameters, expected }: CountFit, counts: Float64Array) {
  const { heights, width } = model.read(parameters);
  const squares = expected.map((mean, at) => ((counts[at] ?? 0) - mean) ** 2);
  const chiSquare = squares.reduce((sum, square, at) => sum + square / (expected[at] ?? 1), 0);
  const freedom = counts.length - model.freeCount;
  const block = Math.min(counts.length, Math.max(3, Math.round(width / model.channel)));
  return {
    reducedChiSquare: chiSquare / freedom,
    isAccident: chiSquare - freedom < CHI_SQUARE_DEVIATIONS * Math.sqrt(2 * freedom),
    misfitShare: Math.sqrt(largestExcess(squares, expected, block)) / (heights[0] ?? 1),
  };
}

/** Mean square beyond that of counting, in the neighbouring channels where it is largest. */
function largestExcess(squares: Float64Array, expected: Float64Array, block: number): number {
  let largest = 0;
  for (let from = 0; from + block <= squares.length; from += 1) {
    let excess = 0;
    let variance = 0;
    for (let at = from; at < from + block; at += 1) {
      const mean = expected[at] ?? 0;
      excess += (squares[at] ?? 0) - mean;
      // Of the square of a number that scatters with the variance m.
      variance += 2 * mean * mean;
    }
    const certain = excess - EXCESS_DEVIATIONS * Math.sqrt(variance);
    largest = Math.max(largest, certain / block);
  }
  return largest;
}

function areaSlopes(model: PeakModel, parameters: Float64Array): Float64Array {
  const steps = model.steps(parameters);
  return parameters.map((value, at) => {
    const step = steps[at] ?? 0;
    if (step === 0) return 0;
    const above = model.area(parameters.with(at, value + step));
    return (above - model.area(parameters.with(at, value - step))) / (2 * step);
  });
}

function quadratic(matrix: Float64Array, vector: Float64Array): number {
  const n = vector.length;
  let sum = 0;
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column < n; column += 1) {
      sum += (vector[row] ?? 0) * (matrix[row * n + column] ?? 0) * (vector[column] ?? 0);
    }
  }
  return sum;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

/** A straight background and nothing else. */
class FlatModel implements CountModel {
  readonly low = Float64Array.of(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY);
  readonly high = Float64Array.of(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  readonly #axis: Float64Array;

  constructor(axis: Float64Array) {
    this.#axis = axis;
  }

  evaluate([level = 0, slope = 0]: Float64Array, expected: Float64Array): void {
    const last = this.#axis.length - 1;
    for (let at = 0; at <= last; at += 1) expected[at] = level + slope * ((2 * at) / last - 1);
  }

  steps(): Float64Array {
    return Float64Array.of(0.01, 0.01);
  }
}
