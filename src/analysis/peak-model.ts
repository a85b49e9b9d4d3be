import type { CountModel } from './count-fit.ts';

/**
 * Lines of one width over a background, as counts of channels.
 *
 * A line is h [(1-M) exp(-4 ln2 u²) + M / (1 + 4u²)] with u = (E - c) / w: the sum of a Gaussian
 * and a Lorentzian of the same full width w at half maximum, SGL(100 M) of CasaXPS. Its area is
 * h w [(1-M) sqrt(π / (4 ln2)) + M π / 2].
 */

const FOUR_LN2 = 4 * Math.LN2;
const GAUSSIAN_AREA = Math.sqrt(Math.PI / FOUR_LN2);
const LORENTZIAN_AREA = Math.PI / 2;
/** Share of the value by which it is changed for a difference. */
const DIFFERENCE = 1e-4;
/** A line narrower than this many channels has no shape; one wider than the window is no line. */
const WIDTH_CHANNELS_MIN = 1.5;
/** How far a line beside the peak may be from where it was said to be, as a share of the window. */
const BESIDE_SHARE_MAX = 0.1;

export interface PeakShape {
  readonly shape: 'gaussian' | 'pseudoVoigt';
  readonly background: 'linear' | 'step';
  /** Fixed full width at half maximum, in the unit of the axis. */
  readonly width?: number | undefined;
  readonly partner?: { readonly split: number; readonly ratio: number } | undefined;
  /** About where other lines lie. */
  readonly beside: readonly number[];
  /** About where the peak itself lies; anywhere in the window unless given. */
  readonly near?: number | undefined;
}

/** What the parameters of a model mean. */
export interface PeakParameters {
  /** Counts in the highest channel of each line, the peak first. */
  readonly heights: readonly number[];
  readonly positions: readonly number[];
  readonly width: number;
  readonly lorentzian: number;
}

/** Parameters: heights, positions, ln width, Lorentzian share, background, slope, step. */
export class PeakModel implements CountModel {
  /** Ascending. */
  readonly axis: Float64Array;
  readonly channel: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly #shape: PeakShape;
  readonly #lines: number;
  readonly #middle: number;
  readonly #half: number;

  constructor(axis: Float64Array, shape: PeakShape) {
    this.axis = axis;
    this.#shape = shape;
    this.#lines = 1 + shape.beside.length;
    const first = axis[0] ?? 0;
    const last = axis.at(-1) ?? 0;
    this.#middle = (first + last) / 2;
    this.#half = (last - first) / 2;
    this.channel = (last - first) / (axis.length - 1);
    const free = Number.POSITIVE_INFINITY;
    const bounds = (side: 1 | -1): Float64Array => {
      const width = shape.width ?? (side < 0 ? WIDTH_CHANNELS_MIN * this.channel : this.window);
      const heights = Array.from({ length: this.#lines }, () => side * free);
      const confine = (place: number): number => place + side * BESIDE_SHARE_MAX * this.window;
      const places = shape.beside.map(confine);
      const near = shape.near === undefined ? undefined : confine(shape.near);
      const middle = near ?? this.#middle + side * this.#half;
      const share = side < 0 || shape.shape === 'gaussian' ? 0 : 1;
      const rest = [side * free, side * free, side * free];
      return Float64Array.of(...heights, middle, ...places, Math.log(width), share, ...rest);
    };
    this.low = bounds(-1);
    this.high = bounds(1);
  }

  get window(): number {
    return 2 * this.#half;
  }

  get parameterCount(): number {
    return 2 * this.#lines + 5;
  }

  /** How many of them are fitted. */
  get freeCount(): number {
    const { background, shape, width } = this.#shape;
    const fixed = [background === 'linear', shape === 'gaussian', width !== undefined];
    return this.parameterCount - fixed.filter(Boolean).length;
  }

  start(from: {
    readonly heights: readonly number[];
    readonly positions: readonly number[];
    readonly width: number;
    readonly background: readonly [number, number];
  }): Float64Array {
    const [level, slope] = from.background;
    const lorentzian = this.#shape.shape === 'gaussian' ? 0 : 0.3;
    const width = Math.log(this.#shape.width ?? from.width);
    return Float64Array.of(...from.heights, ...from.positions, width, lorentzian, level, slope, 0);
  }

  read(parameters: Float64Array): PeakParameters {
    const n = this.#lines;
    return {
      heights: Array.from(parameters.subarray(0, n)),
      positions: Array.from(parameters.subarray(n, 2 * n)),
      width: Math.exp(parameters[2 * n] ?? 0),
      lorentzian: parameters[2 * n + 1] ?? 0,
    };
  }

  /** Counts under the first line, its doublet partner included. */
  area(parameters: Float64Array): number {
    const { heights, width, lorentzian } = this.read(parameters);
    const form = (1 - lorentzian) * GAUSSIAN_AREA + lorentzian * LORENTZIAN_AREA;
    return (
      ((heights[0] ?? 0) * width * form * (1 + (this.#shape.partner?.ratio ?? 0))) / this.channel
    );
  }

  evaluate(parameters: Float64Array, expected: Float64Array): void {
    const { heights, positions, width, lorentzian } = this.read(parameters);
    const [level = 0, slope = 0, step = 0] = parameters.subarray(2 * this.#lines + 2);
    let below = 0;
    for (const [at, energy] of this.axis.entries()) {
      let lines = 0;
      for (const [line, height] of heights.entries()) {
        lines += height * this.#profile(energy - (positions[line] ?? 0), width, lorentzian);
      }
      below += lines;
      const across = (energy - this.#middle) / this.#half;
      expected[at] = lines + level + slope * across + step * below;
    }
  }

  /** Of height 1, with its partner. */
  #profile(distance: number, width: number, lorentzian: number): number {
    const { partner } = this.#shape;
    const main = lineAt(distance / width, lorentzian);
    if (!partner) return main;
    return main + partner.ratio * lineAt((distance - partner.split) / width, lorentzian);
  }

  steps(parameters: Float64Array): Float64Array {
    const n = this.#lines;
    const { shape, background, width } = this.#shape;
    return parameters.map((value, at) => {
      if (at >= n && at < 2 * n) return DIFFERENCE * Math.exp(parameters[2 * n] ?? 0);
      if (at === 2 * n) return width === undefined ? DIFFERENCE : 0;
      if (at === 2 * n + 1) return shape === 'pseudoVoigt' ? DIFFERENCE : 0;
      if (at === 2 * n + 4) return background === 'step' ? DIFFERENCE : 0;
      return DIFFERENCE * Math.max(1, Math.abs(value));
    });
  }
}

/** A line of height 1 and full width 1. */
export function lineAt(u: number, lorentzian: number): number {
  return (1 - lorentzian) * Math.exp(-FOUR_LN2 * u * u) + lorentzian / (1 + 4 * u * u);
}
