/** How the weight of smoothness is found: by a rule on the data, or given. */
export const LAMBDA_RULES = ['gcv', 'lCurve', 'reIm'] as const;
export type LambdaRule = (typeof LAMBDA_RULES)[number];

/** One process of the cell, seen as a peak over the time constants. */
export interface DrtPeak {
  readonly tauSecond: number;
  /** Area under the peak: the resistance of the process. Negative for an inductive loop. */
  readonly areaOhm: number;
  /** Full width at half height, in units of ln τ. */
  readonly widthLn: number;
  /** Exponent n of the arc R / (1 + (jωτ)^n) that has this width; 1 for a single time constant. */
  readonly exponent: number;
  /** True when its top lies outside the measured frequencies: area and τ are then lower bounds. */
  readonly isOpen: boolean;
}

/**
 * Distribution of relaxation times: Z = R0 + jωL + 1/(jωC) + ∫ γ(ln τ) / (1 + jωτ) d ln τ.
 */
export interface Drt {
  /** Evenly spaced in ln τ, rising, one e-fold beyond the measured frequencies. */
  readonly tauSecond: readonly number[];
  /** γ per unit of ln τ, one per time constant. */
  readonly gammaOhm: readonly number[];
  readonly seriesResistanceOhm: number;
  readonly inductanceHenry: number;
  /** Null when the spectrum does not end in a capacitance. */
  readonly capacitanceFarad: number | null;
  /** From fast to slow. */
  readonly peaks: readonly DrtPeak[];
  /** ∫ γ d ln τ: all peaks, and what is too small to be called one. */
  readonly polarisationOhm: number;
  /** R0 plus the polarisation: where the spectrum meets the real axis at low frequency. */
  readonly lowFrequencyOhm: number;
  /** Weight of ∫ (γ''/Z_typical)² d ln τ against the mean square of the relative residuals. */
  readonly lambda: number;
  readonly lambdaRule: LambdaRule | 'given';
  /** 100 √(Σ |Z_fit - Z|² / |Z|² / points). */
  readonly rmsPercent: number;
  /** `limit`: the search was cut off; the curve is feasible, not the best. */
  readonly status: 'solved' | 'limit';
}
