/**
 * A smooth curve through points that never overshoots them: the piecewise cubic of Fritsch and
 * Carlson (SIAM J. Numer. Anal. 17, 238, 1980) with the weights of Fritsch and Butland (1984).
 */
export class Curve {
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #slope: Float64Array;

  /** @param points at least two [x, y], x rising */
  constructor(points: readonly (readonly [number, number])[]) {
    this.#x = Float64Array.from(points, ([x]) => x);
    this.#y = Float64Array.from(points, ([, y]) => y);
    this.#slope = monotoneSlopes(this.#x, this.#y);
  }

  /** Beyond its ends the curve is flat. */
  value(x: number): number {
    const at = this.#intervalOf(x);
    const left = this.#x[at] ?? 0;
    const width = (this.#x[at + 1] ?? 0) - left;
    const t = Math.min(1, Math.max(0, (x - left) / width));
    const u = 1 - t;
    return (
      u * u * (1 + 2 * t) * (this.#y[at] ?? 0) +
      t * t * (3 - 2 * t) * (this.#y[at + 1] ?? 0) +
      width * t * u * (u * (this.#slope[at] ?? 0) - t * (this.#slope[at + 1] ?? 0))
    );
  }

  /** dy/dx within the ends; at and beyond them that of the end. */
  slope(x: number): number {
    const at = this.#intervalOf(x);
    const left = this.#x[at] ?? 0;
    const width = (this.#x[at + 1] ?? 0) - left;
    const t = Math.min(1, Math.max(0, (x - left) / width));
    const rise = ((this.#y[at + 1] ?? 0) - (this.#y[at] ?? 0)) / width;
    return (
      6 * t * (1 - t) * rise +
      (1 - t) * (1 - 3 * t) * (this.#slope[at] ?? 0) +
      t * (3 * t - 2) * (this.#slope[at + 1] ?? 0)
    );
  }

  #intervalOf(x: number): number {
    let low = 0;
    let high = this.#x.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#x[middle] ?? 0) <= x) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Weighted harmonic means of the neighbouring secants, zero where they change sign. */
function monotoneSlopes(x: Float64Array, y: Float64Array): Float64Array {
  const last = x.length - 1;
  const width = (at: number): number => (x[at + 1] ?? 0) - (x[at] ?? 0);
  const secant = (at: number): number => ((y[at + 1] ?? 0) - (y[at] ?? 0)) / width(at);
  return Float64Array.from(x, (_, at) => {
    if (at === 0) return secant(0);
    if (at === last) return secant(last - 1);
    const before = secant(at - 1);
    const after = secant(at);
    if (before * after <= 0) return 0;
    const weightBefore = 2 * width(at) + width(at - 1);
    const weightAfter = width(at) + 2 * width(at - 1);
    return (weightBefore + weightAfter) / (weightBefore / before + weightAfter / after);
  });
}
