/** What a pair of residual curves is made of: noise scatters, a changing cell bends. */
export interface ResidualStructure {
  /** Noise per point, complex, from second differences along the frequencies, in percent. */
  readonly noisePercent: number;
  /** What noise does not explain of the rms, in percent. */
  readonly structuredPercent: number;
  /** Lag-1 autocorrelation of real and imaginary residuals together. */
  readonly autocorrelation: number;
  /** Standard normal score of the number of sign changes; far below zero: too few, a trend. */
  readonly runsScore: number;
  /** True when the residuals follow one another more than white noise would (3 sigma). */
  readonly isStructured: boolean;
}

const SIGNIFICANT_SCORE = 3;
/** Factor from the median absolute deviation to the standard deviation of Gaussian values. */
const MAD_TO_SIGMA = 1.4826;

/** @param real, imag relative residuals in the order of frequency, of equal length. */
export function residualStructure(real: Float64Array, imag: Float64Array): ResidualStructure {
  const count = real.length;
  const squared = sumOfSquares(real) + sumOfSquares(imag);
  const noise = Math.hypot(scatter(real), scatter(imag));
  const structured = Math.sqrt(Math.max(squared / count - noise ** 2, 0));
  const autocorrelation = squared > 0 ? (laggedProduct(real) + laggedProduct(imag)) / squared : 0;
  const score = (runsScore(real) + runsScore(imag)) / Math.SQRT2;
  return {
    noisePercent: 100 * noise,
    structuredPercent: 100 * structured,
    autocorrelation,
    runsScore: score,
    isStructured:
      autocorrelation * Math.sqrt(2 * count) > SIGNIFICANT_SCORE || score < -SIGNIFICANT_SCORE,
  };
}

/**
 * Standard deviation of white noise under a smooth curve: second differences have six times its
 * variance. Median based, so that a few outliers do not count as noise.
 */
export function scatter(values: Float64Array): number {
  const differences: number[] = [];
  for (let k = 1; k < values.length - 1; k++) {
    const [before = 0, here = 0, after = 0] = values.subarray(k - 1, k + 2);
    differences.push(Math.abs(before - 2 * here + after));
  }
  return (MAD_TO_SIGMA * median(differences)) / Math.sqrt(6);
}

/** The middle value; 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function laggedProduct(values: Float64Array): number {
  return values.reduce((sum, value, k) => sum + value * (values[k - 1] ?? 0), 0);
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

/** Runs test of Wald and Wolfowitz on the signs. */
function runsScore(values: Float64Array): number {
  const signs = [...values].filter((value) => value !== 0).map((value) => value > 0);
  const count = signs.length;
  const positive = signs.filter((sign) => sign).length;
  const product = 2 * positive * (count - positive);
  if (count < 3 || product === 0) return 0;
  const runs = 1 + signs.filter((sign, k) => k > 0 && sign !== signs[k - 1]).length;
  const mean = 1 + product / count;
  const variance = (product * (product - count)) / (count * count * (count - 1));
  return variance > 0 ? (runs - mean) / Math.sqrt(variance) : 0;
}
